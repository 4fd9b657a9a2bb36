/* Inside support/ alone. */
#ifndef TESTS_SUPPORT_INTERNAL_H
#define TESTS_SUPPORT_INTERNAL_H

#include "tests/support/support.h"

/* memory.c */
void memory_install(void);

/* notes.c: forgets what was noted; whether a report was left unasked. */
void notes_clear(void);
const char *notes_unheard(void);

#endif
