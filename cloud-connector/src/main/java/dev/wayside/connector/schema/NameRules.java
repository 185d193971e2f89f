// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What is wrong with a name, in Kubernetes' words; nothing if the list is empty. The texts are what
 * users search the web for, so they are kept to the letter.
 */
final class NameRules {
    private static final String LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private static final String SUBDOMAIN = LABEL + "(\\." + LABEL + ")*";
    private static final String QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

    private static final String LABEL_TEXT =
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-',"
                    + " and must start and end with an alphanumeric character (e.g. 'my-name',  or"
                    + " '123-abc', regex used for validation is '"
                    + LABEL
                    + "')";
    private static final String DNS_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
    private static final String DNS_1035_TEXT =
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with"
                    + " an alphabetic character, and end with an alphanumeric character (e.g."
                    + " 'my-name',  or 'abc-123', regex used for validation is '"
                    + DNS_1035
                    + "')";
    private static final String SUBDOMAIN_TEXT =
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters,"
                    + " '-' or '.', and must start and end with an alphanumeric character (e.g."
                    + " 'example.com', regex used for validation is '"
                    + SUBDOMAIN
                    + "')";
    private static final String QUALIFIED_TEXT =
            "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with"
                    + " an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc',"
                    + " regex used for validation is '"
                    + QUALIFIED
                    + "')";
    private static final String LABEL_VALUE_TEXT =
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_'"
                    + " or '.', and must start and end with an alphanumeric character (e.g."
                    + " 'MyValue',  or 'my_value',  or '12345', regex used for validation is '("
                    + QUALIFIED
                    + ")?')";
    private static final String CONFIG_KEY_TEXT =
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g."
                    + " 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is"
                    + " '[-._a-zA-Z0-9]+')";

    private static final Pattern LABEL_FORM = Pattern.compile(LABEL);
    private static final Pattern DNS_1035_FORM = Pattern.compile(DNS_1035);
    private static final Pattern SUBDOMAIN_FORM = Pattern.compile(SUBDOMAIN);
    private static final Pattern QUALIFIED_FORM = Pattern.compile(QUALIFIED);
    private static final Pattern LABEL_VALUE_FORM = Pattern.compile("(" + QUALIFIED + ")?");
    private static final Pattern CONFIG_KEY_FORM = Pattern.compile("[-._a-zA-Z0-9]+");
    private static final Pattern PORT_NAME_FORM = Pattern.compile("[-a-z0-9]+");
    private static final Pattern PRINTABLE = Pattern.compile("[ -<>-~]+");

    /** Longer names are refused for their length alone; matching them could exhaust the stack. */
    private static final int MOST_MATCHED = 1024;

    /** A rule that a kind has for its objects' names. */
    @FunctionalInterface
    interface Rule {
        List<String> wrongWith(String name);
    }

    private NameRules() {}

    static List<String> label(String name) {
        return matching(name, 63, LABEL_FORM, LABEL_TEXT);
    }

    /** What becomes a name in DNS: the names of Services. */
    static List<String> dns1035(String name) {
        return matching(name, 63, DNS_1035_FORM, DNS_1035_TEXT);
    }

    static List<String> subdomain(String name) {
        return matching(name, 253, SUBDOMAIN_FORM, SUBDOMAIN_TEXT);
    }

    static List<String> labelValue(String value) {
        return matching(value, 63, LABEL_VALUE_FORM, LABEL_VALUE_TEXT);
    }

    /** Keys of labels, annotations, taints; names of resources and finalizers. */
    static List<String> qualified(String key) {
        List<String> wrong = new ArrayList<>();
        int slash = key.indexOf('/');
        if (slash != key.lastIndexOf('/')) {
            wrong.add(
                    "a qualified name "
                            + QUALIFIED_TEXT
                            + " with an optional DNS subdomain prefix and '/' (e.g."
                            + " 'example.com/MyName')");
            return wrong;
        }
        if (slash == 0) {
            wrong.add("prefix part must be non-empty");
        } else if (slash > 0) {
            subdomain(key.substring(0, slash)).forEach(text -> wrong.add("prefix part " + text));
        }
        String name = key.substring(slash + 1);
        if (name.isEmpty()) {
            wrong.add("name part must be non-empty");
        } else if (bytes(name) > 63) {
            wrong.add("name part " + most(63));
        }
        if (name.length() <= MOST_MATCHED && !QUALIFIED_FORM.matcher(name).matches()) {
            wrong.add("name part " + QUALIFIED_TEXT);
        }
        return wrong;
    }

    /** Keys of a ConfigMap's or Secret's data; they become file names. */
    static List<String> configKey(String key) {
        List<String> wrong = new ArrayList<>(matching(key, 253, CONFIG_KEY_FORM, CONFIG_KEY_TEXT));
        if (key.equals(".")) {
            wrong.add("must not be '.'");
        } else if (key.equals("..")) {
            wrong.add("must not be '..'");
        } else if (key.startsWith("..")) {
            wrong.add("must not start with '..'");
        }
        return wrong;
    }

    static List<String> environmentVariable(String name) {
        return PRINTABLE.matcher(name).matches()
                ? List.of()
                : List.of(
                        "a valid environment variable name must consist only of printable ASCII"
                                + " characters other than '='");
    }

    static List<String> portName(String name) {
        List<String> wrong = new ArrayList<>();
        if (bytes(name) > 15) {
            wrong.add(most(15));
        }
        if (name.length() <= MOST_MATCHED && !PORT_NAME_FORM.matcher(name).matches()) {
            wrong.add("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
        }
        if (name.chars().noneMatch(c -> c >= 'a' && c <= 'z')) {
            wrong.add("must contain at least one letter (a-z)");
        }
        if (name.contains("--")) {
            wrong.add("must not contain consecutive hyphens");
        }
        if (name.startsWith("-") || name.endsWith("-")) {
            wrong.add("must not begin or end with a hyphen");
        }
        return wrong;
    }

    static List<String> portNumber(long port) {
        return port >= 1 && port <= 65535
                ? List.of()
                : List.of("must be between 1 and 65535, inclusive");
    }

    /** A name of which a suffix is still to be made. */
    static List<String> prefix(String prefix, Rule rule) {
        return rule.wrongWith(
                prefix.length() > 1 && prefix.endsWith("-")
                        ? prefix.substring(0, prefix.length() - 2) + "a"
                        : prefix);
    }

    static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static List<String> matching(String name, int most, Pattern form, String text) {
        List<String> wrong = new ArrayList<>(2);
        if (bytes(name) > most) {
            wrong.add(most(most));
        }
        if (name.length() <= MOST_MATCHED && !form.matcher(name).matches()) {
            wrong.add(text);
        }
        return wrong;
    }

    private static String most(int length) {
        return "must be no more than " + length + " bytes";
    }
}
