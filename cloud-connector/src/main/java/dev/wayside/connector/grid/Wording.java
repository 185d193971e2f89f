// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.model.KubeObject;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The words for what a change brings about. Pure.
 *
 * @param dryRun whether it would be so, or will be
 */
record Wording(boolean dryRun) {
    private static final int NAMED = 6;

    String would() {
        return dryRun ? "would" : "will";
    }

    /** The first of them, and how many more there are. */
    static String some(List<String> names) {
        String first = names.stream().limit(NAMED).collect(Collectors.joining(", "));
        return names.size() > NAMED ? first + " and " + (names.size() - NAMED) + " more" : first;
    }

    static String count(long number, String what) {
        return number + " " + what + (number == 1 || what.endsWith("s") ? "" : "s");
    }

    static long pods(KubeObject child) {
        return child.status().number("replicas").orElse(0);
    }

    /** {@code Deployment web-a (2 pods)}, and of a StatefulSet with claims whether they stay. */
    static String child(GridKind kind, KubeObject child) {
        String pods = count(pods(child), "pod");
        return kind.child().kind() + " " + child.name() + " (" + pods + claims(child) + ")";
    }

    private static String claims(KubeObject child) {
        if (child.spec().array("volumeClaimTemplates").isEmpty()) {
            return "";
        }
        return child.spec()
                        .text("persistentVolumeClaimRetentionPolicy", "whenDeleted")
                        .equals("Delete")
                ? ", claims and data go with it"
                : ", claims and data stay";
    }

    static String grid(GridKind kind, KubeObject grid) {
        return kind.grid().kind() + " " + grid.namespace() + "/" + grid.name();
    }
}
