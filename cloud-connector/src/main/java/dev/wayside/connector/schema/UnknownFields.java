// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Finds the fields that a type does not have. */
final class UnknownFields {
    /** As many as kube-apiserver reports of one object. */
    private static final int MOST = 100;

    private final TypeTable table;

    UnknownFields(TypeTable table) {
        this.table = table;
    }

    /** For instance {@code unknown field "spec.template.spec.containers[0].imagee"}. */
    List<String> in(JsonObject object, TypeTable.StructType struct) {
        List<String> found = new ArrayList<>();
        struct(object, struct, "", found);
        return found;
    }

    private void struct(
            JsonObject object, TypeTable.StructType struct, String path, List<String> found) {
        for (Map.Entry<String, Json> member : object.members().entrySet()) {
            if (found.size() >= MOST) {
                return;
            }
            String here = path.isEmpty() ? member.getKey() : path + "." + member.getKey();
            TypeTable.Field field = struct.fields().get(member.getKey());
            if (field == null) {
                found.add("unknown field \"" + here + "\"");
            } else {
                value(member.getValue(), field.type(), here, found);
            }
        }
    }

    private void value(Json value, FieldType type, String path, List<String> found) {
        if (type instanceof FieldType.Struct struct && value instanceof JsonObject object) {
            struct(object, table.struct(struct), path, found);
        } else if (type instanceof FieldType.ListOf list && value instanceof JsonArray array) {
            for (int i = 0; i < array.size(); i++) {
                value(array.get(i), list.item(), path + "[" + i + "]", found);
            }
        } else if (type instanceof FieldType.MapOf map && value instanceof JsonObject object) {
            object.members()
                    .forEach((key, item) -> value(item, map.value(), path + "." + key, found));
        }
    }
}
