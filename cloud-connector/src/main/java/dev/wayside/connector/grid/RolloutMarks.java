// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.model.KubeObject;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a child under a rollout says of itself, written together with its spec, so that what a site
 * has is known whatever happens. A child of a grid without a rollout has none of it.
 *
 * @param revision the ControllerRevision of the grid that its spec comes from
 * @param run the run that gave it that, 0 if none did
 * @param former the revision that it had before runs that did not complete, if that is not known of
 *     the grid as a whole
 */
record RolloutMarks(String revision, long run, String former) {
    static final RolloutMarks NONE = new RolloutMarks("", 0, "");

    private static final String REVISION = "wayside.dev/rollout-revision";
    private static final String RUN = "wayside.dev/rollout-run";
    private static final String FORMER = "wayside.dev/rollout-former-revision";

    static RolloutMarks of(KubeObject child) {
        Map<String, String> annotations = child.annotations();
        return new RolloutMarks(
                annotations.getOrDefault(REVISION, ""),
                number(annotations.getOrDefault(RUN, "")),
                annotations.getOrDefault(FORMER, ""));
    }

    private static long number(String text) {
        try {
            return text.isEmpty() ? 0 : Long.parseLong(text);
        } catch (NumberFormatException e) {
            // Somebody wrote into it: it only counts towards a wave's number of sites.
            return 0;
        }
    }

    /** The child with these marks and no others. */
    KubeObject on(KubeObject child) {
        Map<String, String> annotations = new LinkedHashMap<>(child.annotations());
        put(annotations, REVISION, revision);
        put(annotations, RUN, run == 0 ? "" : Long.toString(run));
        put(annotations, FORMER, former);
        return annotations.equals(child.annotations()) ? child : child.withAnnotations(annotations);
    }

    private static void put(Map<String, String> annotations, String name, String value) {
        if (value.isEmpty()) {
            annotations.remove(name);
        } else {
            annotations.put(name, value);
        }
    }
}
