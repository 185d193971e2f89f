// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import java.util.regex.Pattern;

/**
 * Names that are the same whenever they are made for the same thing, so that a step that was
 * repeated after a crash finds what the first one made. The pod's UID makes them unique; its name
 * is there for people and may be cut.
 */
final class ContainerNames {
    static final String SCHEME = "docker://";

    private static final Pattern ID = Pattern.compile("[0-9a-f]{12,64}");
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final int MAX_READABLE = 40;

    private ContainerNames() {}

    static String infra(String podUid, String namespace, String podName) {
        return of(Labels.INFRA, podUid, namespace, podName, "0");
    }

    static String container(
            String podUid, String namespace, String podName, String container, int attempt) {
        return of(container, podUid, namespace, podName, Integer.toString(attempt));
    }

    private static String of(
            String container, String podUid, String namespace, String podName, String attempt) {
        return String.join(
                "_", "wayside", container, cut(podName), cut(namespace), podUid, attempt);
    }

    private static String cut(String text) {
        return text.length() <= MAX_READABLE ? text : text.substring(0, MAX_READABLE);
    }

    /** Whether it may stand in a name, and so in a path. */
    static boolean isPart(String text) {
        return PART.matcher(text).matches();
    }

    /** The engine's id; {@code ""} if it is not one of ours. */
    static String id(String containerId) {
        String id = containerId.startsWith(SCHEME) ? containerId.substring(SCHEME.length()) : "";
        return ID.matcher(id).matches() ? id : "";
    }
}
