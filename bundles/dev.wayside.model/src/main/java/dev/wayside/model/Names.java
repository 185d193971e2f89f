// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.util.regex.Pattern;

/** The shapes of names in Kubernetes (RFC 1123 labels and subdomains, label keys and values). */
public final class Names {
    private static final Pattern DNS_LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
    private static final Pattern DNS_SUBDOMAIN =
            Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
    private static final Pattern NAME_PART =
            Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?");

    private Names() {}

    /** Up to 63 characters: a namespace, a container, a node's site. */
    public static boolean isDnsLabel(String name) {
        return DNS_LABEL.matcher(name).matches();
    }

    /** Up to 253 characters: most objects' names. */
    public static boolean isDnsSubdomain(String name) {
        return name.length() <= 253 && DNS_SUBDOMAIN.matcher(name).matches();
    }

    /**
     * A label or annotation key: an optional DNS subdomain and a slash, then up to 63 characters.
     */
    public static boolean isQualifiedName(String key) {
        int slash = key.indexOf('/');
        return slash < 0
                ? NAME_PART.matcher(key).matches()
                : isDnsSubdomain(key.substring(0, slash))
                        && NAME_PART.matcher(key.substring(slash + 1)).matches();
    }

    /** Empty, or up to 63 characters. */
    public static boolean isLabelValue(String value) {
        return value.isEmpty() || NAME_PART.matcher(value).matches();
    }
}
