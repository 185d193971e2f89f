// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.Optional;

/**
 * A grid in the status of its GridRollout.
 *
 * @param target the revision of what it asks
 * @param completed the revision of the last run that completed; empty if none did
 */
record RolloutEntry(String kind, String name, String uid, String target, String completed) {

    static RolloutEntry of(JsonObject json) {
        return new RolloutEntry(
                json.text("kind"),
                json.text("name"),
                json.text("uid"),
                json.text("target"),
                json.text("completed"));
    }

    static Optional<RolloutEntry> find(JsonObject status, KubeObject grid) {
        return status.array("grids").objects().stream()
                .map(RolloutEntry::of)
                .filter(entry -> entry.uid().equals(grid.uid()))
                .findFirst();
    }

    JsonObject json() {
        return JsonObject.builder()
                .put("kind", kind)
                .put("name", name)
                .put("uid", uid)
                .put("target", target)
                .putUnlessEmpty("completed", completed)
                .build();
    }

    RolloutEntry withTarget(String other) {
        return new RolloutEntry(kind, name, uid, other, completed);
    }

    RolloutEntry withCompleted(String other) {
        return new RolloutEntry(kind, name, uid, target, other);
    }
}
