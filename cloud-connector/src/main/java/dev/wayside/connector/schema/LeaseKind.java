// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;

/** Lease: a sign of life. */
final class LeaseKind extends TypedKind {

    LeaseKind(TypeTable table) {
        super(Facts.of(ResourceType.LEASES, "coordination/v1.Lease"), table);
    }

    /** Losing the newest costs one renewal; syncing each would cost the disk. */
    @Override
    public boolean lazy() {
        return true;
    }

    @Override
    void check(KubeObject lease, Errors errors) {
        JsonObject spec = lease.spec();
        if (spec.has("leaseDurationSeconds")) {
            long seconds = spec.number("leaseDurationSeconds").orElse(0);
            if (seconds <= 0) {
                errors.invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0");
            }
        }
        errors.nonNegative("spec.leaseTransitions", spec.number("leaseTransitions").orElse(0));
        String strategy = spec.text("strategy");
        if (!strategy.isEmpty()
                && !strategy.contains("/")
                && !strategy.equals("OldestEmulationVersion")) {
            errors.notSupported("spec.strategy", strategy, List.of("OldestEmulationVersion"));
        }
    }

    @Override
    public List<Column> columns() {
        return List.of(Cells.NAME, Cells.text("Holder", "Who renews it."), Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject lease, Instant now) {
        return List.of(
                Cells.name(lease),
                Json.of(lease.spec().text("holderIdentity")),
                Cells.age(lease, now));
    }
}
