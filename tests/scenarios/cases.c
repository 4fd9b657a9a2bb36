#include "tests/scenarios/cases.h"

#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *where)
{
    fprintf(stderr, "%s: %s\n", where, what);
    exit(1);
}

/* Titles begin at the margin, coroutines are indented by four, what they do by more. */
static bool is_title(const char *line)
{
    return strncmp(line, "case ", 5) == 0;
}

static void forget(struct scenario *scenario)
{
    for (int i = 0; i < scenario->line_count; i++)
        free(scenario->lines[i]);
    *scenario = (struct scenario){0};
}

static void add_op(struct scenario *scenario, char *line)
{
    struct body *body = &scenario->bodies[scenario->count - 1];
    struct op *op = &body->ops[body->count];

    if (!scenario->count || body->count == MOST_OPS)
        fail("no coroutine, or too long a one", scenario->title);
    line = scenario->lines[scenario->line_count++] = strdup(line);
    for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
        if (op->count == MOST_WORDS)
            fail("too many words", scenario->title);
        op->words[op->count++] = word;
    }
    body->count++;
}

static void add_body(struct scenario *scenario, const char *line)
{
    if (scenario->count == MOST_COROUTINES)
        fail("too many coroutines", scenario->title);
    if (sscanf(line, " %31s", scenario->bodies[scenario->count].name) == 1)
        scenario->count++;
}

/* The title of the next case was read already when the end of this one is found: it is put back. */
bool scenario_read(FILE *file, struct scenario *scenario)
{
    char line[256];
    long before;

    forget(scenario);
    for (before = ftell(file); fgets(line, sizeof line, file); before = ftell(file)) {
        if (is_title(line) && *scenario->title) {
            fseek(file, before, SEEK_SET);
            break;
        }
        if (is_title(line))
            sscanf(line + 5, " %127[^\n]", scenario->title);
        else if (strncmp(line, "     ", 5) == 0)
            add_op(scenario, line);
        else if (strncmp(line, "    ", 4) == 0)
            add_body(scenario, line);
    }
    return *scenario->title;
}

const struct body *scenario_body(const struct scenario *scenario, const char *name)
{
    size_t length = strcspn(name, "'");

    for (int i = 0; i < scenario->count; i++)
        if (strlen(scenario->bodies[i].name) == length && strncmp(scenario->bodies[i].name, name, length) == 0)
            return &scenario->bodies[i];
    fail("no such coroutine", name);
    return NULL;
}

const char *op_text(const struct op *op, int first)
{
    static char text[256];
    size_t length = 0;

    *text = '\0';
    for (int i = first; i < op->count; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", i > first ? " " : "", op->words[i]);
    return text;
}
