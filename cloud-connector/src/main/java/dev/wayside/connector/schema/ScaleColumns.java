// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.connector.schema.KindDefinition.Column;
import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import java.time.Instant;
import java.util.List;

/** How a {@code Scale} is shown in a table, whatever it is the scale of. */
public final class ScaleColumns {
    public static final List<Column> ALL =
            List.of(
                    Cells.NAME,
                    Cells.number("Desired", "How many replicas are asked for."),
                    Cells.number("Available", "How many replicas there are."),
                    Cells.AGE);

    private ScaleColumns() {}

    public static List<Json> cells(KubeObject scale, Instant now) {
        return List.of(
                Cells.name(scale),
                Cells.count(scale.json(), "spec", "replicas"),
                Cells.count(scale.json(), "status", "replicas"),
                Cells.age(scale, now));
    }
}
