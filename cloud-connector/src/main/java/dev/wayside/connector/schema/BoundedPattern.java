// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression of a user's that can't hang the server. Kubernetes' engine knows no
 * backtracking, Java's does, so what only Java's could read is refused (looking around, references
 * back, possessive quantifiers), and a match that takes too many steps, or too deep a stack, counts
 * as none.
 */
final class BoundedPattern {
    private static final int MOST_CHARACTERS = 4096;
    private static final long STEPS = 200_000;
    private static final long STEPS_PER_CHARACTER = 100;
    private static final Pattern POSIX =
            Pattern.compile(
                    "\\[:(\\^?)(alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space"
                            + "|upper|word|xdigit):\\]");

    private final Pattern pattern;
    private final String text;

    private BoundedPattern(Pattern pattern, String text) {
        this.pattern = pattern;
        this.text = text;
    }

    /**
     * @throws IllegalArgumentException if it is none; the message says why
     */
    static BoundedPattern compile(String text) {
        if (text.length() > MOST_CHARACTERS) {
            throw new IllegalArgumentException(
                    "it is longer than " + MOST_CHARACTERS + " characters");
        }
        refuseWhatIsJavas(text);
        try {
            return new BoundedPattern(Pattern.compile(asJava(text)), text);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(e.getDescription(), e);
        } catch (StackOverflowError e) {
            throw new IllegalArgumentException("it is nested too deeply", e);
        }
    }

    private static void refuseWhatIsJavas(String text) {
        boolean inClass = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
                char escaped = i < text.length() ? text.charAt(i) : ' ';
                boolean reference = escaped == 'k' || (escaped >= '1' && escaped <= '9');
                if (reference && !inClass) {
                    throw new IllegalArgumentException(
                            "invalid escape sequence: `\\" + escaped + "`");
                }
            } else if (inClass) {
                inClass = c != ']';
            } else if (c == '[') {
                inClass = true;
                // A bracket that stands first is a member of the class.
                if (text.startsWith("^]", i + 1)) {
                    i += 2;
                } else if (text.startsWith("]", i + 1)) {
                    i++;
                }
            } else if (text.startsWith("(?=", i)
                    || text.startsWith("(?!", i)
                    || text.startsWith("(?<=", i)
                    || text.startsWith("(?<!", i)
                    || text.startsWith("(?>", i)) {
                throw new IllegalArgumentException(
                        "invalid or unsupported Perl syntax: `" + text.substring(i, i + 3) + "`");
            } else if ((c == '*' || c == '+' || c == '?' || c == '}')
                    && text.startsWith("+", i + 1)) {
                throw new IllegalArgumentException(
                        "invalid nested repetition operator: `" + c + "+`");
            }
        }
    }

    /** The same expression as Java spells it: named groups and POSIX classes differ. */
    private static String asJava(String text) {
        return POSIX.matcher(text.replace("(?P<", "(?<"))
                .replaceAll(
                        found -> {
                            String name =
                                    switch (found.group(2)) {
                                        case "ascii" -> "p{ASCII}";
                                        case "xdigit" -> "p{XDigit}";
                                        case "word" -> "w";
                                        default ->
                                                "p{"
                                                        + Character.toUpperCase(
                                                                found.group(2).charAt(0))
                                                        + found.group(2).substring(1)
                                                        + "}";
                                    };
                            boolean negated = !found.group(1).isEmpty();
                            return "\\\\"
                                    + (negated
                                            ? name.substring(0, 1).toUpperCase(Locale.ROOT)
                                            : name.substring(0, 1))
                                    + name.substring(1);
                        });
    }

    String text() {
        return text;
    }

    /** Whether a part of the value matches, within bounds. */
    boolean matches(String value) {
        try {
            return pattern.matcher(new Counted(value, STEPS + STEPS_PER_CHARACTER * value.length()))
                    .find();
        } catch (OutOfSteps | StackOverflowError e) {
            return false;
        }
    }

    private static final class OutOfSteps extends RuntimeException {
        private static final long serialVersionUID = 1L;

        OutOfSteps() {
            super("out of steps", null, false, false);
        }
    }

    /** Counts how often it is looked at, which every step of a match does. */
    private static final class Counted implements CharSequence {
        private final String value;
        private long left;

        Counted(String value, long left) {
            this.value = value;
            this.left = left;
        }

        @Override
        public char charAt(int index) {
            if (left-- <= 0) {
                throw new OutOfSteps();
            }
            return value.charAt(index);
        }

        @Override
        public int length() {
            return value.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return value.subSequence(start, end);
        }

        @Override
        public String toString() {
            return value;
        }
    }
}
