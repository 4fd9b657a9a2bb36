/* The C interface in Lua: libasync.core. Handles are the native userdata and values plain Lua values, so that what one
   face gives, the other takes; codes are returned as they are. What the library calls back is a Lua function. */
%module core

%{
#include "bindings/lua/resource.h"
%}

/* The handles are no SWIG classes here. */
%ignore async_loop;
%ignore async_future;
%ignore async_value;
%ignore async_stream;
%ignore async_server;
%ignore async_datagram;

/* These speak of what only C has: a step's verdict, a pointer without an owner, a type of object. */
%ignore async_object;
%ignore async_type_new;
%ignore async_type_set_reader;
%ignore async_type_name;
%ignore async_value_pointer;
%ignore async_value_type;
%ignore async_await;
%ignore async_try;
%ignore async_return;
%ignore async_fail;
%ignore async_fail_with;
%ignore async_await_at;
%ignore async_try_at;
%ignore async_awaited;
%ignore async_caught;
%ignore async_task_failure;
%ignore async_task_loop;
%ignore async_task_future;
%ignore async_task_line;
%ignore async_future_state;
%ignore async_run;
%ignore async_create_task_with;
%ignore async_loop_set_block_hooks;

/* What takes a callback or a coroutine is the native face's; the module gets it under its C name. */
%ignore async_create_task;
%ignore async_loop_run;
%ignore async_loop_run_until;
%ignore async_loop_call_soon;
%ignore async_loop_call_soon_threadsafe;
%ignore async_loop_call_later;
%ignore async_loop_call_at;
%ignore async_loop_add_reader;
%ignore async_loop_add_writer;
%ignore async_loop_set_exception_handler;
%ignore async_future_on_done;
%ignore async_future_remove_done;
%ignore async_start_server;
%ignore async_start_unix_server;
%ignore async_server_adopt;
%ignore async_timer_cancel;
%ignore async_timer_when;

%typemap(in) async_future * %{
  $1 = handle_check(L, $input)->future;
%}
%typemap(out) async_future * %{
  generic_push_future(L, $1); SWIG_arg++;
%}
%typemap(in) async_loop * %{
  $1 = loop_check(L, $input);
%}
%typemap(out) async_loop * %{
  generic_push_loop(L, $1); SWIG_arg++;
%}

%typemap(in) async_stream * %{
  $1 = stream_check(L, $input);
%}
%typemap(out) async_stream * %{
  generic_push_resource(L, &stream_class, $1); SWIG_arg++;
%}
%typemap(in, numinputs=0) async_stream ** (async_stream *made = NULL) "$1 = &made;"
%typemap(argout) async_stream ** %{
  generic_push_resource(L, &stream_class, *$1); SWIG_arg++;
%}

%typemap(in) async_server * %{
  $1 = server_check(L, $input);
%}
%typemap(out) async_server * %{
  generic_push_resource(L, &server_class, $1); SWIG_arg++;
%}

%typemap(in) async_datagram * %{
  $1 = datagram_check(L, $input);
%}
%typemap(out) async_datagram * %{
  generic_push_resource(L, &datagram_class, $1); SWIG_arg++;
%}

/* Any Lua value; the conversion makes a reference, which is dropped after the call. */
%typemap(in) async_value * %{
  $1 = value_from(L, host_of(L), $input, host_of(L)->loop);
%}
%typemap(freearg) async_value * %{
  async_value_unref($1);
%}
%typemap(out) async_value * %{
  generic_push_value(L, $1); SWIG_arg++;
%}

/* A table of futures, each of which the call takes a reference to. */
%typemap(in, checkfn="lua_istable") (async_future *const *taken, size_t count) %{
  $1 = generic_futures(L, $input, &$2);
%}
%typemap(in, checkfn="lua_istable") (async_value *const *taken, size_t count) %{
  $1 = generic_values(L, $input, &$2);
%}

/* Tasks are only counted here; the native face lists them. */
%typemap(in, numinputs=0) (async_future **tasks, size_t capacity) "$1 = NULL; $2 = 0;"

/* A coroutine is a Lua function or thread. */
%typemap(in) (async_step *first, void *state, async_destroy *destroy) %{
  $1 = resume_step; $2 = generic_coroutine(L, $input); $3 = coroutine_destroy;
%}

/* A value that the call hands out comes after what it returns. */
%typemap(in, numinputs=0) async_value **value (async_value *got = NULL) "$1 = &got;"
%typemap(argout) async_value **value %{
  generic_push_value(L, *$1); SWIG_arg++;
%}

/* Whole numbers stay whole, and texts keep their zero bytes. */
%typemap(in, checkfn="lua_isnumber") int, int64_t, uint32_t, size_t "$1 = ($1_ltype)lua_tointeger(L, $input);"
%typemap(out) int, int64_t, uint32_t, size_t "lua_pushinteger(L, (lua_Integer)$1); SWIG_arg++;"
%typemap(in, checkfn="lua_isstring") (const char *text, size_t size), (const void *bytes, size_t size)
  "$1 = ($1_ltype)lua_tolstring(L, $input, &$2);"
%typemap(in, numinputs=0) size_t *size "$1 = NULL;"
%typemap(in, numinputs=0) size_t *length (size_t bytes = 0) "$1 = &bytes;"
%typemap(out) const void *async_datagram_bytes ""
%typemap(argout) size_t *length %{
  if (result)
    lua_pushlstring(L, result, *$1);
  else
    lua_pushnil(L);
  SWIG_arg++;
%}

%include "bindings/libasync.i"
