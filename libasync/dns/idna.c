/*
 * Names beyond ASCII, as name servers know them: each part as Punycode (RFC 3492) behind "xn--" (RFC 5890). Letters are
 * made small in the scripts that have two sizes and are used in names; nothing is composed, and compatibility forms are
 * not unfolded, for the tables of Unicode would be larger than all the rest here. What those tables would change is
 * refused rather than asked for as another name.
 */
#include "libasync/dns/internal.h"

#include <string.h>

#define MOST_LETTERS 256
#define LAST_LETTER 0x10ffff

/* Capital letters: those of a range in which each stands `distance` before its small one, or in turns with it. */
static const struct capitals {
    uint32_t first, last;
    uint16_t distance;
    bool by_turns;
} capitals[] = {
    {'A', 'Z', 32, false},          {0x00c0, 0x00d6, 32, false},    {0x00d8, 0x00de, 32, false},
    {0x0100, 0x012e, 1, true},      {0x0132, 0x0136, 1, true},      {0x0139, 0x0147, 1, true},
    {0x014a, 0x0176, 1, true},      {0x0179, 0x017d, 1, true},      {0x01cd, 0x01db, 1, true},
    {0x01de, 0x01ee, 1, true},      {0x01f8, 0x021e, 1, true},      {0x0222, 0x0232, 1, true},
    {0x0386, 0x0386, 38, false},    {0x0388, 0x038a, 37, false},    {0x038c, 0x038c, 64, false},
    {0x038e, 0x038f, 63, false},    {0x0391, 0x03a1, 32, false},    {0x03a3, 0x03ab, 32, false},
    {0x0400, 0x040f, 80, false},    {0x0410, 0x042f, 32, false},    {0x0460, 0x0480, 1, true},
    {0x048a, 0x04be, 1, true},      {0x04c1, 0x04cd, 1, true},      {0x04d0, 0x052e, 1, true},
    {0x0531, 0x0556, 48, false},    {0x1e00, 0x1e94, 1, true},      {0x1ea0, 0x1efe, 1, true},
};

static uint32_t small_letter(uint32_t letter)
{
    if (letter == 0x0178)
        return 0x00ff;
    for (size_t i = 0; i < sizeof capitals / sizeof capitals[0]; i++) {
        const struct capitals *range = &capitals[i];

        if (letter >= range->first && letter <= range->last)
            return range->by_turns && (letter - range->first) % 2 ? letter : letter + range->distance;
    }
    return letter;
}

/* What stands in no name, or is another letter by Unicode's tables of normal forms. */
static const struct {
    uint32_t first, last;
    const char *why;
} refused[] = {
    {0x0080, 0x00a9, "no host name has such characters"},
    {0x00aa, 0x00ba, "no host name has such characters"},
    {0x00bc, 0x00bf, "no host name has such characters"},
    {0x0130, 0x0130, "a dotted capital I has no small letter of its own"},
    {0x0132, 0x0133, "a character of it is a compatibility form of others"},
    {0x013f, 0x0140, "a character of it is a compatibility form of others"},
    {0x0149, 0x0149, "a character of it is a compatibility form of others"},
    {0x017f, 0x017f, "a character of it is a compatibility form of others"},
    {0x01c4, 0x01cc, "a character of it is a compatibility form of others"},
    {0x0300, 0x036f, "a letter and its accent must be one character"},
    {0x2000, 0x200b, "no host name has such characters"},
    {0x200e, 0x206f, "no host name has such characters"},
    {0x2070, 0x218f, "a character of it is a compatibility form of others"},
    {0x2460, 0x24ff, "a character of it is a compatibility form of others"},
    {0x3000, 0x3000, "no host name has such characters"},
    {0xd800, 0xf8ff, "no host name has such characters"},
    {0xfb00, 0xfb4f, "a character of it is a compatibility form of others"},
    {0xfe00, 0xffff, "a character of it is a compatibility form of others"},
    {0xe0000, 0x10ffff, "no host name has such characters"},
};

static const char *find_fault(uint32_t letter)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (letter >= refused[i].first && letter <= refused[i].last)
            return refused[i].why;
    return NULL;
}

/* The next letter of a UTF-8 text; false when there is none. Longer forms of shorter ones are none (RFC 3629). */
static bool read_letter(const char **text, uint32_t *letter)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)*text;
    int more = *bytes < 0x80 ? 0 : *bytes < 0xc0 ? -1 : *bytes < 0xe0 ? 1 : *bytes < 0xf0 ? 2 : *bytes < 0xf8 ? 3 : -1;

    if (more < 0)
        return false;
    *letter = more ? *bytes & (0x3fu >> more) : *bytes;
    for (int i = 1; i <= more; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return false;
        *letter = *letter << 6 | (bytes[i] & 0x3f);
    }
    *text += 1 + more;
    return *letter >= least[more] && *letter <= LAST_LETTER;
}

static bool is_dot(uint32_t letter)
{
    return letter == '.' || letter == 0x3002 || letter == 0xff0e || letter == 0xff61;
}

/* RFC 3492, section 6.1. */
static uint32_t adapt(uint32_t delta, uint32_t points, bool is_first)
{
    uint32_t k = 0;

    delta = is_first ? delta / 700 : delta / 2;
    delta += delta / points;
    for (; delta > 455; k += 36)
        delta /= 35;
    return k + 36 * delta / (delta + 38);
}

struct output {
    char *text;
    size_t used, room;
};

/* What does not fit is left out, and the result then is too long to be a name. */
static void put(struct output *output, char letter)
{
    if (output->used + 1 < output->room)
        output->text[output->used++] = letter;
}

static void put_number(struct output *output, uint32_t number, uint32_t bias)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    for (uint32_t k = 36;; k += 36) {
        uint32_t least = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;

        if (number < least)
            break;
        put(output, digits[least + (number - least) % (36 - least)]);
        number = (number - least) / (36 - least);
    }
    put(output, digits[number]);
}

static uint32_t next_point(const uint32_t *letters, size_t count, uint32_t least)
{
    uint32_t next = UINT32_MAX;

    for (size_t i = 0; i < count; i++)
        if (letters[i] >= least && letters[i] < next)
            next = letters[i];
    return next;
}

/* RFC 3492, section 6.3. Numbers stay far below 2^32 with so few letters. */
static void put_punycode(struct output *output, const uint32_t *letters, size_t count)
{
    uint32_t point = 0x80, delta = 0, bias = 72;
    size_t basic = 0, handled, i;

    for (i = 0; i < count; i++)
        if (letters[i] < 0x80) {
            put(output, (char)letters[i]);
            basic++;
        }
    handled = basic;
    if (basic)
        put(output, '-');
    for (; handled < count; delta++, point++) {
        uint32_t next = next_point(letters, count, point);

        delta += (next - point) * (uint32_t)(handled + 1);
        point = next;
        for (i = 0; i < count; i++) {
            delta += letters[i] < point;
            if (letters[i] != point)
                continue;
            put_number(output, delta, bias);
            bias = adapt(delta, (uint32_t)handled + 1, handled == basic);
            delta = 0;
            handled++;
        }
    }
}

static void put_label(struct output *output, const uint32_t *letters, size_t count)
{
    bool is_ascii = true;

    for (size_t i = 0; i < count; i++)
        is_ascii &= letters[i] < 0x80;
    for (const char *prefix = is_ascii ? "" : "xn--"; *prefix; prefix++)
        put(output, *prefix);
    if (!is_ascii)
        put_punycode(output, letters, count);
    for (size_t i = 0; is_ascii && i < count; i++)
        put(output, (char)letters[i]);
}

const char *idna_encode(const char *name, char *ascii, size_t room)
{
    struct output output = {.text = ascii, .room = room};
    uint32_t letters[MOST_LETTERS], letter;
    const char *fault;
    size_t count = 0;

    while (*name) {
        if (!read_letter(&name, &letter))
            return "it is not UTF-8";
        if (is_dot(letter)) {
            put_label(&output, letters, count);
            put(&output, '.');
            count = 0;
            continue;
        }
        fault = find_fault(letter);
        if (fault)
            return fault;
        if (count == MOST_LETTERS)
            return "a part of the name between dots is too long";
        letters[count++] = small_letter(letter);
    }
    put_label(&output, letters, count);
    ascii[output.used] = '\0';
    return NULL;
}
