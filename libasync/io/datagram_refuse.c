/* Calls that answer by a code keep the words of a refusal at the socket, naming whom it was about. */
#include "libasync/io/datagram.h"

#include <stdarg.h>
#include <stdio.h>

static void write_refusal(char *message, size_t size, const char *whom, const char *format, va_list arguments)
{
    int length = whom && *whom ? snprintf(message, size, "%s: ", whom) : 0;

    vsnprintf(message + length, size - (size_t)length, format, arguments);
}

int datagram_deny(async_datagram *datagram, int code, const char *whom, const char *format, ...)
{
    char message[ADDRESS_TEXT_SIZE + 128];
    va_list arguments;

    va_start(arguments, format);
    write_refusal(message, sizeof message, whom, format, arguments);
    va_end(arguments);
    async_value_unref(datagram->refusal);
    datagram->refusal = async_error(code, message);
    return code;
}

int datagram_deny_itself(async_datagram *datagram, int code, const char *words)
{
    async_value *local = async_datagram_local(datagram);

    datagram_deny(datagram, code, local ? async_address_text(local) : NULL, "%s", words);
    async_value_unref(local);
    return code;
}

const char *async_datagram_message(const async_datagram *datagram)
{
    return datagram_visit(datagram) == 0 && datagram->refusal ? async_value_message(datagram->refusal) : "";
}
