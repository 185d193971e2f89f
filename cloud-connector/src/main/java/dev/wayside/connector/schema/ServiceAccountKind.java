// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;

/** ServiceAccount. */
final class ServiceAccountKind extends TypedKind {

    ServiceAccountKind(TypeTable table) {
        super(
                Facts.of(ResourceType.SERVICE_ACCOUNTS, "core/v1.ServiceAccount", "sa")
                        .with("token"),
                table);
    }

    @Override
    void check(KubeObject account, Errors errors) {
        // Nothing beyond metadata, as in Kubernetes.
    }

    @Override
    public List<Column> columns() {
        return List.of(Cells.NAME, Cells.number("Secrets", "Number of secrets."), Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject account, Instant now) {
        return List.of(
                Cells.name(account),
                Json.of(account.json().array("secrets").size()),
                Cells.age(account, now));
    }
}
