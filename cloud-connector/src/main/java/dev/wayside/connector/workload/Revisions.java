// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.KubeObject;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The revisions of a Deployment, kept as annotations of its ReplicaSets. Pure. */
final class Revisions {
    static final String REVISION = "deployment.kubernetes.io/revision";
    static final String HISTORY = "deployment.kubernetes.io/revision-history";

    /** Annotations of the Deployment that are its own and do not go on to ReplicaSets. */
    private static final Set<String> OWN =
            Set.of(
                    "kubectl.kubernetes.io/last-applied-configuration",
                    REVISION,
                    HISTORY,
                    RollingUpdate.DESIRED,
                    RollingUpdate.MOST,
                    "deprecated.deployment.rollback.to");

    private Revisions() {}

    static long of(KubeObject object) {
        return RollingUpdate.annotation(object, REVISION, 0);
    }

    /** The ReplicaSet of the Deployment's template; the oldest, should there be several. */
    static Optional<KubeObject> current(KubeObject deployment, List<KubeObject> sets) {
        return sets.stream()
                .filter(
                        set ->
                                PodTemplates.same(
                                        set.spec().object("template"),
                                        deployment.spec().object("template")))
                .min(OLDEST);
    }

    static final Comparator<KubeObject> OLDEST =
            Comparator.comparing((KubeObject set) -> set.created().orElse(java.time.Instant.MAX))
                    .thenComparing(KubeObject::name);

    static long next(List<KubeObject> old) {
        return old.stream().mapToLong(Revisions::of).max().orElse(0) + 1;
    }

    /** The annotations of the current ReplicaSet: the Deployment's, its revision, its numbers. */
    static Map<String, String> annotations(
            KubeObject deployment, Map<String, String> before, long revision) {
        Map<String, String> all = new LinkedHashMap<>(before);
        deployment
                .annotations()
                .forEach(
                        (key, value) -> {
                            if (!OWN.contains(key)) {
                                all.put(key, value);
                            }
                        });
        long old = parse(before.getOrDefault(REVISION, "0"));
        if (revision > old) {
            all.put(REVISION, Long.toString(revision));
            if (old > 0) {
                String history = before.getOrDefault(HISTORY, "");
                all.put(HISTORY, history.isEmpty() ? Long.toString(old) : history + "," + old);
            }
        }
        return withNumbers(deployment, all);
    }

    /** Says what the Deployment asked for when the ReplicaSet was last scaled. */
    static Map<String, String> withNumbers(KubeObject deployment, Map<String, String> before) {
        Map<String, String> all = new LinkedHashMap<>(before);
        RollingUpdate rolling = RollingUpdate.of(deployment);
        all.put(RollingUpdate.DESIRED, Long.toString(rolling.replicas()));
        all.put(RollingUpdate.MOST, Long.toString(rolling.replicas() + rolling.surge()));
        return all;
    }

    private static long parse(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            // Somebody wrote nonsense into it; the next revision replaces it.
            return 0;
        }
    }
}
