/* A Python and a Lua coroutine in one process run on one loop and await the same future, which C completes. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <lauxlib.h>
#include <libasync/async.h>
#include <lua.h>
#include <lualib.h>

static async_step tell, told;

/* A handle goes to a guest with a reference for it to keep ... */
static async_future *start_python(async_loop *loop, async_future *news)
{
    PyObject *path = PySys_GetObject("path"), *here = PyUnicode_FromString("."), *guest = NULL, *task = NULL;
    async_future *listening = NULL;

    if (here && !PyList_Insert(path, 0, here))
        guest = PyImport_ImportModule("guest");
    if (guest)
        task = PyObject_CallMethod(guest, "start", "NN", PyLong_FromVoidPtr(loop),
                                   PyLong_FromVoidPtr(async_future_ref(news)));
    /* ... and is lent by Python, so that we take our own before the task's object goes. */
    if (task)
        listening = async_future_ref(PyLong_AsVoidPtr(task));
    else
        PyErr_Print();
    Py_XDECREF(task);
    Py_XDECREF(guest);
    Py_XDECREF(here);
    return listening;
}

static async_future *start_lua(lua_State *L, async_loop *loop, async_future *news)
{
    if (luaL_dofile(L, "guest.lua") == LUA_OK) {
        lua_pushlightuserdata(L, async_loop_ref(loop));
        lua_pushlightuserdata(L, async_future_ref(news));
        if (lua_pcall(L, 2, 1, 0) == LUA_OK)
            return lua_touserdata(L, -1);
    }
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    return NULL;
}

static async_next tell(async_task *task, void *news)
{
    return async_await(task, async_sleep(async_task_loop(task), 1.0), told);
}

static async_next told(async_task *task, void *news)
{
    async_future_resolve(news, async_text("the same future"));
    return async_return(task, async_none());
}

int main(void)
{
    async_loop *loop = async_loop_new();
    async_future *news = async_future_new(loop), *all;
    lua_State *L = luaL_newstate();
    int error;

    Py_Initialize();
    luaL_openlibs(L);
    async_future *parts[] = {start_python(loop, news), start_lua(L, loop, news), async_create_task(loop, tell, news, NULL)};

    /* A guest that could not start is NULL here, and the gather fails as whoever takes NULL does. */
    all = async_gather(loop, parts, 3, 0);
    error = async_loop_run_until(loop, all);
    if (error)
        fprintf(stderr, "%s\n", async_future_message(all));
    async_future_unref(all);
    async_future_unref(news);
    async_loop_close(loop);
    lua_close(L);
    Py_Finalize();
    async_loop_unref(loop);
    return error != 0;
}
