/* The inside of the Lua binding.
 *
 * Lua raises errors by longjmp, which must never cross a frame of the library. So what the library calls (the step,
 * callbacks, readers, destroys) uses only the part of the Lua API that cannot raise, and enters what can under
 * lua_pcall; functions here that may raise say so. What C holds of Lua's stands in one table, each thing in a slot of
 * its own, and slots are made ahead, where raising is allowed, so that filling and clearing one never fails. */
#ifndef BINDINGS_LUA_INTERNAL_H
#define BINDINGS_LUA_INTERNAL_H

#include "bindings/lua/compat.h"
#include "libasync/async.h"

/* The slots that are always taken; the rest are handed out. */
enum kept {
    KEPT_FUTURE_CLASS = 1,
    KEPT_TASK_CLASS,
    KEPT_LOOP_CLASS,
    KEPT_ERROR_CLASS,
    KEPT_VALUE_CLASS,
    KEPT_ADDRESS_CLASS,
    KEPT_RECORD_CLASS,
    KEPT_HANDLE_CLASS,
    KEPT_EVENT_CLASS,
    KEPT_LOCK_CLASS,
    KEPT_CONDITION_CLASS,
    KEPT_SEMAPHORE_CLASS,
    KEPT_BARRIER_CLASS,
    KEPT_LIMITER_CLASS,
    KEPT_QUEUE_CLASS,
    KEPT_BROADCAST_CLASS,
    KEPT_RECEIVER_CLASS,
    KEPT_TIMEOUT_CLASS,
    KEPT_GROUP_CLASS,
    KEPT_COMPLETIONS_CLASS,
    KEPT_LOCAL_CLASS,
    KEPT_STREAM_CLASS,
    KEPT_SERVER_CLASS,
    KEPT_DATAGRAM_CLASS,
    KEPT_OPTIONS_CLASS,
    KEPT_THREADS,   /* the threads of all coroutines below, as keys: it keeps them, and none is given to two tasks */
    KEPT_LOOPS,     /* the userdata of each loop by its address, weakly */
    KEPT_RESOURCES, /* those of streams and servers likewise */
    KEPT_NESTED,    /* the task's thread of each thread that awaits for it: in Lua 5.1 */
    KEPT_GROW,      /* C functions to be entered under lua_pcall */
    KEPT_INVOKE,
    KEPT_READ,
    KEPT_PACK,
    KEPT_DESCRIBE,
    KEPT_REPORT,
    KEPT_CONNECT,
    KEPT_TRACEBACK,
    KEPT_GUARD,     /* what the function of a task is called by */
    KEPT_TURN,      /* what sleep(0) gives */
    KEPT_USED_LOOP, /* the loop given with use_loop */
    KEPT_MODULE,    /* what require gives */
    KEPT_FREE
};

/* One Lua state and what belongs to it. It outlives the state where the library still holds something of it. */
struct host {
    lua_State *store; /* a thread that runs nothing: its stack holds the table of what is kept; NULL once Lua is gone */
    lua_State *spare; /* a thread to call on while no loop is run by Lua */
    lua_State *runner;     /* the thread that runs, where alone Lua may be called: the spare one while no loop runs */
    async_loop *loop;      /* the running one, or the one given with use_loop (lent) */
    async_loop *turn_loop; /* whose sleep(0) is kept */
    struct coroutine *current; /* the coroutine whose step runs */
    async_task *task;          /* and its task */
    unsigned depth;            /* how many steps run in each other: eager ones */
    async_future *awaiting;    /* what it awaits, as its step ends */
    bool is_given;             /* whether that is held for the step, which lets go of it */
    void *argument;            /* what the function that is entered next is told */
    struct coroutine *idle;    /* coroutines that ended and wait for their next task */
    unsigned idle_count;
    unsigned idle_least;  /* as few as there have been since they were last looked through */
    unsigned idle_pushes; /* how many came back since then */
    unsigned tasks;       /* how many were created: the number in a task's name */
    int *next_free;       /* for each slot, the next free one */
    int first_free;
    int slot_count;
    size_t references;
    async_type *object_type;  /* a Lua object */
    async_type *several_type; /* the several results of a coroutine: a table with n */
    async_type *failure_type; /* what was thrown, and where */
    char *scratch;            /* what streams receive into; NULL before the first time */
    bool is_receiving;        /* whether a string is being made of it */
    async_value *none;        /* async_none, to be known at sight */
    async_value *raised;      /* the failure that run raised last, for its traceback */
};

/* The rest of a function that has awaited: it pushes what that returns, given the value that was awaited, and tells how
 * many values those are. What else it needs to know is kept by the coroutine. */
typedef int await_rest(lua_State *L, struct host *host, async_value *value); /* raises */

/* A Lua coroutine that is a task: the state of its step. */
struct coroutine {
    /* What each step looks at stands together. */
    struct host *host;
    lua_State *thread;
    struct handle *newborn; /* the task's userdata, until an eager first step gives it its future */
    int arguments;          /* how many values the next resume passes */
    int handle_slot;        /* keeps the task's userdata while it runs, so that current_task gives the same one */
    await_rest *rest;       /* of the function that awaits in it, if it is one in C, and */
    async_stream *stream;   /* what that reads from (held by its userdata, an argument of the function), */
    size_t most;            /* and how much at most */
    struct coroutine *next;
    unsigned number;
    int line;       /* where it was created */
    int trace_slot; /* where it failed, as a text, once that is known */
    bool ours;      /* whether the thread was made here and may serve again */
    bool ended;     /* whether its function did, so that it can */
    bool failed;    /* by what lies on top of the thread's stack */
    char source[LUA_IDSIZE];
};

/* How the value of a future is shown to Lua. */
enum shape {
    SHAPE_PLAIN,
    SHAPE_WAIT,    /* two lists of futures, from one of bools */
    SHAPE_SAME,    /* plain; and where there is nothing to wait for, it is the same future each time */
    SHAPE_GUARD,   /* likewise; the value is what was acquired */
    SHAPE_SEVERAL, /* the items of a list, each a value of its own */
};

/* What Lua holds of a future or a task. */
struct handle {
    const void *tag;
    async_future *future;
    struct callback *callbacks; /* those added and not called yet */
    unsigned number;
    enum shape shape;
    bool settles; /* once it is done, an await of it goes on at once: all that is surely no sleep(0) */
};

/* What Lua holds of a loop. */
struct loop_handle {
    const void *tag;
    async_loop *loop;
};

/* A Lua object on its way through the library. */
struct box {
    struct host *host;
    int slot;       /* 0 stands for nil */
    int trace_slot; /* where it was thrown, as a text */
};

/* module.c */
struct host *host_of(lua_State *L);
struct host *host_ref(struct host *host);
void host_unref(struct host *host);

/* The host of a function that was registered with it. */
static inline struct host *host_upvalue(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* keep.c */
void keep_reserve(lua_State *L, struct host *host); /* raises */
bool keep_reserve_quietly(struct host *host);
int keep_grow_protected(lua_State *L);
void keep_function(lua_State *L, struct host *host, enum kept slot, lua_CFunction function); /* raises */
void keep_weak_table(lua_State *L, struct host *host, enum kept slot, const char *mode);     /* raises */
void keep_push_function(lua_State *L, struct host *host, enum kept slot, void *argument);
int keep_take(struct host *host); /* 0 when none was reserved */
void keep_drop(struct host *host, int slot);

/* Push what a slot keeps. */
static inline void keep_push(lua_State *L, struct host *host, int slot)
{
    lua_rawgeti(host->store, 1, slot);
    lua_xmove(host->store, L, 1);
}

/* Pop a value, not nil, into a slot. */
static inline void keep_set(lua_State *L, struct host *host, int slot)
{
    lua_xmove(L, host->store, 1);
    lua_rawseti(host->store, 1, slot);
}

struct box *box_new(lua_State *L, struct host *host); /* pops its object; NULL without memory */
void box_delete(void *pointer);

/* value.c: `index` is absolute */
async_value *value_from(lua_State *L, struct host *host, int index, async_loop *loop);
async_value *value_from_several(lua_State *L, struct host *host, int count, async_loop *loop); /* pops them */
void value_push(lua_State *L, struct host *host, async_value *value);                          /* raises */
int value_push_all(lua_State *L, struct host *host, async_value *value);                       /* raises */
async_value *value_read(void *box);
/* A view is a userdata that holds a value for Lua to read by fields; pushed, it holds none yet. */
async_value **value_push_view(lua_State *L, struct host *host, enum kept class_slot); /* raises */
async_value *value_view(lua_State *L, int index);                                     /* NULL for other things */
int value_view_gc(lua_State *L);
void value_register(lua_State *L, struct host *host);
bool is_utf8(const char *text, size_t size);

/* record.c */
int record_check_type(lua_State *L, int argument); /* raises */
void record_register(lua_State *L, struct host *host);

/* dns.c */
int dns_getaddrinfo_on(lua_State *L);
int dns_getnameinfo_on(lua_State *L);
int dns_query_on(lua_State *L);
int dns_set_servers_on(lua_State *L);
void dns_register(lua_State *L, struct host *host);

/* address.c */
async_value *address_at(lua_State *L, int index);
async_value *address_check(lua_State *L, int argument); /* raises */
void address_register(lua_State *L, struct host *host);

/* error.c */
void error_push(lua_State *L, struct host *host, async_value *failure);               /* raises */
void error_push_object(lua_State *L, struct host *host, async_value *failure);        /* raises */
int error_raise(lua_State *L, struct host *host, async_value *failure);               /* raises */
int error_raise_code(lua_State *L, struct host *host, int code, const char *message); /* raises */
async_value *error_from(struct host *host, lua_State *thread, struct coroutine *origin, async_value *delivered);
async_value *error_value(lua_State *L, int index);
bool error_push_trace(lua_State *L, struct host *host, async_value *failure); /* raises */
int error_type(lua_State *L, int argument, const char *expected);             /* raises */
/* A host's name or a path, which C would take to end at a zero byte in it; NULL where it may be left out and is. */
const char *name_check(lua_State *L, int argument); /* raises */
const char *name_optional(lua_State *L, int argument);
void error_register(lua_State *L, struct host *host);

/* host.c */
async_step resume_step;
void coroutine_destroy(void *state);
struct coroutine *coroutine_take(lua_State *L, struct host *host);         /* raises */
const char *coroutine_refusal(lua_State *L, struct host *host, int index); /* raises */
struct coroutine *coroutine_adopt(lua_State *L, struct host *host, int index);
void coroutine_free_idle(struct host *host);
void coroutine_register(lua_State *L, struct host *host);

/* await.c: what a function in C awaits by itself is taken */
int await_then(lua_State *L, struct host *host, async_future *taken, await_rest *rest); /* raises */
await_rest give_all;
void await_forget(struct host *host);
void await_register(lua_State *L, struct host *host);

/* future.c */
struct handle *handle_new(lua_State *L, struct host *host, enum kept class_slot, int tables); /* raises */
struct handle *handle_at(lua_State *L, int index);
struct handle *handle_check(lua_State *L, int argument);                               /* raises */
struct handle *handle_ensure(lua_State *L, struct host *host, int index);              /* raises */
void future_push(lua_State *L, struct host *host, async_future *taken);                /* raises */
int future_push_value(lua_State *L, struct host *host, int index, async_value *value); /* raises */
int future_push_outcome(lua_State *L, struct host *host, int index);                   /* raises */
extern const luaL_Reg future_methods[];                                                /* those of tasks too */
extern const luaL_Reg future_metamethods[];
void future_register(lua_State *L, struct host *host);

/* task.c */
struct handle *task_start(lua_State *L, struct host *host, async_loop *loop, int index); /* raises */
struct coroutine *task_prepare(lua_State *L, struct host *host, int index);              /* raises */
void task_check_startable(lua_State *L, struct host *host, int index);                   /* raises */
int task_create(lua_State *L, async_loop *loop, async_task_group *group, int index);     /* raises */
int task_create_on(lua_State *L);
struct handle *task_check(lua_State *L);                        /* raises */
void task_push_name(lua_State *L, const struct handle *handle); /* raises */
void task_register(lua_State *L, struct host *host);

/* loop.c */
async_loop *running_loop(lua_State *L, struct host *host);          /* raises */
async_loop *loop_check(lua_State *L, int argument);                 /* raises */
void loop_push(lua_State *L, struct host *host, async_loop *taken); /* raises */
void loop_register(lua_State *L, struct host *host);

/* stack.c */
int stack_traceback(lua_State *L);
int stack_get(lua_State *L);
int stack_print(lua_State *L);

/* primitive.c */
int primitive_push_guard(lua_State *L, int index);

/* sync.c, queue.c, scope.c, local.c */
void sync_register(lua_State *L, struct host *host);
void queue_register(lua_State *L, struct host *host);
void scope_register(lua_State *L, struct host *host);
void local_register(lua_State *L, struct host *host);

/* resource.c, options.c, stream.c, server.c, socket.c, datagram.c */
async_value *resource_value(lua_State *L, int index);
bool resource_push_value(lua_State *L, struct host *host, const async_value *value); /* raises */
void options_register(lua_State *L, struct host *host);
void stream_register(lua_State *L, struct host *host);
void server_register(lua_State *L, struct host *host);
void socket_register(lua_State *L, struct host *host);
void datagram_register(lua_State *L, struct host *host);

/* callback.c */
int callback_call_soon(lua_State *L);
int callback_call_later(lua_State *L);
int callback_call_at(lua_State *L);
int callback_add_reader(lua_State *L);
int callback_add_writer(lua_State *L);
int callback_add_done(lua_State *L);
int callback_remove_done(lua_State *L);
int traceback_handler(lua_State *L);
void callback_register(lua_State *L, struct host *host);

/* handler.c */
int handler_set(lua_State *L);
int handler_call(lua_State *L);
void handler_register(lua_State *L, struct host *host);

/* combine.c */
void combine_drop_turn(struct host *host);
void combine_register(lua_State *L, struct host *host);

/* run.c */
enum { DRIVE_INTERRUPTED = 1 };
int drive(lua_State *L, struct host *host, async_loop *loop, async_future *future, async_future *main_task);
int drive_advance(lua_State *L, struct host *host, async_loop *loop, double seconds);
void run_register(lua_State *L, struct host *host);

/* interrupt.c */
bool interrupt_install(struct host *host, async_loop *loop, async_future *main_task);
int interrupt_restore(async_loop *loop);

/* generic.c: all but the last for the wrappers that SWIG makes */
void generic_push_future(lua_State *L, async_future *taken);            /* raises */
void generic_push_loop(lua_State *L, async_loop *taken);                /* raises */
void generic_push_value(lua_State *L, async_value *taken);              /* raises */
async_future **generic_futures(lua_State *L, int index, size_t *count); /* raises */
struct coroutine *generic_coroutine(lua_State *L, int index);           /* raises */
async_value **generic_values(lua_State *L, int index, size_t *count);   /* raises */
void generic_register(lua_State *L, struct host *host);

/* Keep a metatable with a name for messages; `methods` may be NULL, and `shared` more of them. Raises. */
void register_class(lua_State *L, struct host *host, enum kept slot, const char *name, const luaL_Reg *metamethods,
                    const luaL_Reg *methods, const luaL_Reg *shared);

/* Add functions that know their host to the table on top of the stack. */
void register_functions(lua_State *L, struct host *host, const luaL_Reg *functions);

/* The same to its field `inner`: what the package builds words of. */
void register_inner(lua_State *L, struct host *host, const luaL_Reg *functions);

#endif
