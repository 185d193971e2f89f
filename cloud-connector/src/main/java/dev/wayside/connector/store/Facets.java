// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.model.KubeObject;
import java.util.HashMap;
import java.util.Map;

/**
 * What selectors look at, kept beside an object so that its text need not be read again.
 *
 * @param fields the selectable fields that are set
 */
record Facets(Map<String, String> labels, Map<String, String> fields) {
    static final String NAME = "metadata.name";
    static final String NODE = "spec.nodeName";

    static Facets of(KindDefinition kind, KubeObject object) {
        Map<String, String> fields = new HashMap<>();
        for (String field : kind.selectableFields()) {
            String value = kind.field(object, field);
            if (!value.isEmpty()) {
                fields.put(field, value);
            }
        }
        return new Facets(Map.copyOf(object.labels()), Map.copyOf(fields));
    }

    String field(String name) {
        return fields.getOrDefault(name, "");
    }
}
