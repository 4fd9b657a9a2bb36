/* Who owns what, for every language: `given` results belong to the script, `lent` ones get a reference of their own so
   that a proxy never dangles, and a `taken` argument is handed a reference of its own, so that the proxy stays good. */

/* A counted handle: its proxy drops one reference when the language collects it. */
%define %async_counted(TYPE)
%nodefaultctor TYPE;
%feature("unref") TYPE #TYPE "_unref($this);"
struct TYPE {};
%typemap(check) TYPE *taken #TYPE "_ref($1);"
%ignore TYPE##_ref;
%ignore TYPE##_unref;
%enddef

/* A function that gives a reference away. */
%define %async_gives(FUNCTION)
%newobject FUNCTION;
%enddef

/* A function that lends a handle: the proxy keeps a reference of its own. */
%define %async_lends(FUNCTION, TYPE)
%newobject FUNCTION;
%exception FUNCTION {
    $action
    TYPE##_ref(result);
}
%enddef

%async_counted(async_loop)
%async_counted(async_future)
%async_counted(async_value)
%async_counted(async_type)
%async_counted(async_timer)
%async_counted(async_local)
%async_counted(async_completions)
%async_counted(async_task_group)
%async_counted(async_event)
%async_counted(async_lock)
%async_counted(async_condition)
%async_counted(async_semaphore)
%async_counted(async_barrier)
%async_counted(async_queue)
%async_counted(async_limiter)
%async_counted(async_broadcast)
%async_counted(async_receiver)
%async_counted(async_stream)
%async_counted(async_datagram)
%async_counted(async_server)

/* Settings have one owner and are never taken. */
%nodefaultctor async_task_options;
%feature("unref") async_task_options "async_task_options_unref($this);"
struct async_task_options {};
%ignore async_task_options_unref;
%nodefaultctor async_socket_options;
%feature("unref") async_socket_options "async_socket_options_unref($this);"
struct async_socket_options {};
%ignore async_socket_options_unref;

/* These read into memory of the caller's or write from it by pointers, which no script has. */
%ignore async_stream_read_into;
%ignore async_stream_read_now;
%ignore async_stream_write_pieces;

/* A scope ends when it is closed, not when its proxy goes: async_timeout_close takes it, and each language clears the
 * proxy then. */
%nodefaultctor async_timeout;
%nodefaultdtor async_timeout;
struct async_timeout {};

/* A running task is lent to its step and counted by nobody. */
%nodefaultctor async_task;
%nodefaultdtor async_task;
struct async_task {};

%async_gives(async_loop_new)
%async_gives(async_future_new)
%async_gives(async_sleep)
%async_gives(async_create_task)
%async_gives(async_create_task_with)
%async_gives(async_task_options_new)
%async_gives(async_gather)
%async_gives(async_wait)
%async_gives(async_wait_for)
%async_gives(async_wait_until)
%async_gives(async_shield)
%async_gives(async_as_completed)
%async_gives(async_completions_next)
%async_gives(async_local_new)
%async_gives(async_task_group_new)
%async_gives(async_task_group_create_task)
%async_gives(async_task_group_join)
%async_gives(async_event_new)
%async_gives(async_event_wait)
%async_gives(async_lock_new)
%async_gives(async_lock_acquire)
%async_gives(async_condition_new)
%async_gives(async_condition_acquire)
%async_gives(async_condition_wait)
%async_gives(async_semaphore_new)
%async_gives(async_semaphore_new_bounded)
%async_gives(async_semaphore_acquire)
%async_gives(async_barrier_new)
%async_gives(async_barrier_wait)
%async_gives(async_queue_new)
%async_gives(async_queue_put)
%async_gives(async_queue_get)
%async_gives(async_queue_join)
%async_gives(async_limiter_new)
%async_gives(async_limiter_acquire)
%async_gives(async_broadcast_new)
%async_gives(async_broadcast_subscribe)
%async_gives(async_receiver_next)
%async_gives(async_address)
%async_gives(async_address_unix)
%async_gives(async_getaddrinfo)
%async_gives(async_wait_readable)
%async_gives(async_wait_writable)
%async_gives(async_socket_options_new)
%async_gives(async_open_connection)
%async_gives(async_open_connection_to)
%async_gives(async_open_unix_connection)
%async_gives(async_stream_adopt)
%async_gives(async_stream_value)
%async_gives(async_stream_peer)
%async_gives(async_stream_local)
%async_gives(async_stream_standard)
%async_gives(async_stream_read)
%async_gives(async_stream_read_exactly)
%async_gives(async_stream_read_until)
%async_gives(async_stream_read_line)
%async_gives(async_stream_read_all)
%async_gives(async_stream_wait_readable)
%async_gives(async_stream_drain)
%async_gives(async_stream_sendfile)
%async_gives(async_stream_wait_closed)
%async_gives(async_start_server)
%async_gives(async_start_unix_server)
%async_gives(async_server_adopt)
%async_gives(async_server_value)
%async_gives(async_server_addresses)
%async_gives(async_server_stop)
%async_gives(async_server_wait_closed)
%async_gives(async_server_serve_forever)
%async_gives(async_socket_address)
%async_gives(async_sock_connect)
%async_gives(async_sock_accept)
%async_gives(async_sock_recv)
%async_gives(async_sock_recvfrom)
%async_gives(async_sock_sendall)
%async_gives(async_sock_sendto)
%async_gives(async_getnameinfo)
%async_gives(async_dns_query)
%async_gives(async_bind_datagram)
%async_gives(async_connect_datagram)
%async_gives(async_datagram_open)
%async_gives(async_datagram_adopt)
%async_gives(async_datagram_value)
%async_gives(async_datagram_local)
%async_gives(async_datagram_peer)
%async_gives(async_datagram_receive)
%async_gives(async_datagram_receive_batch)
%async_gives(async_datagram_sender)
%async_gives(async_datagram_drain)
%async_gives(async_none)
%async_gives(async_bool)
%async_gives(async_int)
%async_gives(async_double)
%async_gives(async_text)
%async_gives(async_text_sized)
%async_gives(async_bytes)
%async_gives(async_list)
%async_gives(async_object)
%async_gives(async_error)
%async_gives(async_error_caused)
%async_gives(async_error_os)
%async_gives(async_type_new)

%async_lends(async_future_loop, async_loop)
%async_lends(async_future_value, async_value)
%async_lends(async_future_failure, async_value)
%async_lends(async_future_awaiting, async_future)
%async_lends(async_current_task, async_future)
%async_lends(async_awaited, async_value)
%async_lends(async_task_failure, async_value)
%async_lends(async_task_loop, async_loop)
%async_lends(async_task_future, async_future)
%async_lends(async_completions_item, async_future)
%async_lends(async_condition_lock, async_lock)
%async_lends(async_local_get, async_value)
%async_lends(async_stream_loop, async_loop)
%async_lends(async_value_stream, async_stream)
%async_lends(async_datagram_loop, async_loop)
%async_lends(async_value_datagram, async_datagram)
%async_lends(async_server_loop, async_loop)
%async_lends(async_value_server, async_server)
%async_lends(async_value_item, async_value)
%async_lends(async_value_cause, async_value)
%async_lends(async_record_strings, async_value)
%async_lends(async_record_data, async_value)
%async_lends(async_value_type, async_type)
