// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.List;

/** The rules that ConfigMaps and Secrets share: keys, size, immutability. */
final class DataRules {
    static final int MOST_BYTES = 1024 * 1024;

    private DataRules() {}

    static void keys(JsonObject data, String path, Errors errors) {
        for (String key : data.members().keySet()) {
            errors.invalid(path + "[" + key + "]", key, NameRules.configKey(key));
        }
    }

    /** How many bytes base64 text stands for. */
    static long decodedBytes(JsonObject data) {
        long size = 0;
        for (String text : data.strings().values()) {
            long digits = text.chars().filter(c -> c != '=' && c != '\n' && c != '\r').count();
            size += digits * 3 / 4;
        }
        return size;
    }

    static void size(long bytes, Errors errors) {
        if (bytes > MOST_BYTES) {
            // Kubernetes names no field here, which prints as "[]".
            errors.tooLong("[]", MOST_BYTES);
        }
    }

    static void immutable(KubeObject before, KubeObject after, List<String> fields, Errors errors) {
        if (!before.json().flag("immutable")) {
            return;
        }
        String detail = "field is immutable when `immutable` is set";
        if (!after.json().flag("immutable")) {
            errors.forbidden("immutable", detail);
        }
        for (String field : fields) {
            if (!before.json().object(field).equals(after.json().object(field))) {
                errors.forbidden(field, detail);
            }
        }
    }
}
