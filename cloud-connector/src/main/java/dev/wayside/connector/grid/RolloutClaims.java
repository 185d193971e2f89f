// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.workload.Informer;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Which GridRollouts a grid is under: the one that its annotation {@value #ROLLOUT} names, and
 * those of its namespace whose selector takes it. It should be one and the same.
 */
final class RolloutClaims {
    static final String ROLLOUT = "wayside.dev/rollout";

    private final Informer rollouts;

    RolloutClaims(Informer rollouts) {
        this.rollouts = rollouts;
    }

    static String named(KubeObject grid) {
        return grid.annotation(ROLLOUT).orElse("");
    }

    static boolean claims(KubeObject rollout, KubeObject grid) {
        return rollout.namespace().equals(grid.namespace())
                && (rollout.name().equals(named(grid)) || selects(rollout, grid));
    }

    private static boolean selects(KubeObject rollout, KubeObject grid) {
        JsonObject selector = rollout.spec().object("selector");
        if (selector.isEmpty()) {
            return false;
        }
        LabelSelector read = LabelSelector.of(selector);
        return !read.isEmpty() && read.matches(grid.labels());
    }

    /** Their names in order, be there such a GridRollout or not. */
    List<String> of(KubeObject grid) {
        TreeSet<String> names = new TreeSet<>();
        if (!named(grid).isEmpty()) {
            names.add(named(grid));
        }
        for (KubeObject rollout : rollouts.inNamespace(grid.namespace())) {
            if (selects(rollout, grid)) {
                names.add(rollout.name());
            }
        }
        return new ArrayList<>(names);
    }
}
