#include "tests/model/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const verbs[VERBS] = {
    "sleep", "await",   "limit", "gather", "create", "cancel", "uncancel", "resolve",
    "fail",  "on_done", "drop",  "return", "raise",
};
static const char *const outcomes[] = {
    "pending", "success", "failure", "cancelled", "timed out", "deadlock", "closed",
};

const char *outcome_name(enum outcome outcome)
{
    return outcomes[outcome];
}

/* Waiting is what tasks do most; an end comes by itself with the last order. */
static enum verb random_verb(struct dice *dice)
{
    static const unsigned char weights[VERBS] = {
        [SLEEP] = 6, [AWAIT] = 6, [LIMIT] = 4, [GATHER] = 3, [CREATE] = 5, [CANCEL] = 4, [UNCANCEL] = 2,
        [RESOLVE] = 2, [FAIL] = 1, [ON_DONE] = 3, [DROP] = 1, [RETURN] = 1, [RAISE] = 1,
    };
    uint32_t sum = 0, number;
    int verb = 0;

    for (int i = 0; i < VERBS; i++)
        sum += weights[i];
    for (number = roll(dice, sum); number >= weights[verb]; verb++)
        number -= weights[verb];
    return (enum verb)verb;
}

static struct order random_order(const struct plan *plan, struct dice *dice)
{
    struct order order = {.verb = random_verb(dice), .tries = roll(dice, 3) > 0};
    int things = plan->tasks + plan->promises;

    switch (order.verb) {
    case CREATE:
        order.what = (int)roll(dice, (uint32_t)plan->tasks);
        break;
    case RESOLVE:
    case FAIL:
        order.what = plan->tasks + (int)roll(dice, (uint32_t)plan->promises);
        order.amount = (int)roll(dice, 100);
        break;
    case RETURN:
    case RAISE:
        order.amount = (int)roll(dice, 100);
        break;
    case SLEEP:
        order.amount = (int)roll(dice, 4);
        break;
    default:
        order.what = (int)roll(dice, (uint32_t)things);
        order.other = (int)roll(dice, (uint32_t)things);
        order.keeps = roll(dice, 2);
        order.amount = (int)roll(dice, 5) - 1;
        break;
    }
    return order;
}

struct plan plan_of(uint64_t seed)
{
    struct dice dice = dice_of(seed);
    struct plan plan = {.seed = seed};
    int first = 0;

    plan.tasks = 2 + (int)roll(&dice, MOST_TASKS - 1);
    plan.promises = 1 + (int)roll(&dice, MOST_PROMISES);
    plan.turns = roll(&dice, 3) ? -1 : (int)roll(&dice, 12);
    plan.seconds = (int)roll(&dice, 40);
    /* The first task starts half of the others itself, or most programs would be over soon. */
    for (int i = 1; i < plan.tasks; i++)
        if (roll(&dice, 2))
            plan.scripts[0].orders[first++] = (struct order){.verb = CREATE, .what = i};
    for (int i = 0; i < plan.tasks; i++) {
        plan.scripts[i].count = 1 + (i ? 0 : first) + (int)roll(&dice, MOST_ORDERS - MOST_TASKS);
        for (int j = i ? 0 : first; j < plan.scripts[i].count; j++)
            plan.scripts[i].orders[j] = random_order(&plan, &dice);
    }
    return plan;
}

void plan_print(const struct plan *plan)
{
    printf("seed %llu: %d tasks, %d promises, closed after %d %s\n", (unsigned long long)plan->seed, plan->tasks,
           plan->promises, plan->turns < 0 ? plan->seconds : plan->turns, plan->turns < 0 ? "seconds" : "turns");
    for (int i = 0; i < plan->tasks; i++) {
        printf("task %d\n", i);
        for (int j = 0; j < plan->scripts[i].count; j++) {
            const struct order *order = &plan->scripts[i].orders[j];

            printf("  %d: %s %d", j, verbs[order->verb], order->what);
            if (order->verb == GATHER)
                printf(" and %d%s", order->other, order->keeps ? " keeps" : "");
            printf(", %d%s\n", order->amount, order->tries ? " tries" : "");
        }
    }
}

void journal_add(struct journal *journal, const char *format, ...)
{
    va_list arguments;
    int written;

    va_start(arguments, format);
    written = vsnprintf(journal->text + journal->length, sizeof journal->text - journal->length, format, arguments);
    va_end(arguments);
    if (written > 0 && (size_t)written < sizeof journal->text - journal->length)
        journal->length += (size_t)written;
}

void journals_print(const struct journal *expected, const struct journal *got)
{
    size_t same = 0, line = 0;

    while (expected->text[same] && expected->text[same] == got->text[same])
        if (expected->text[same++] == '\n')
            line = same;
    printf("%.*s--- expected\n%s--- but happened\n%s", (int)line, expected->text, expected->text + line,
           got->text + line);
}
