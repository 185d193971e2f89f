// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The configuration would change fields that others own. Nothing was changed. */
public final class ApplyConflict extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * One field.
     *
     * @param owner for instance {@code "kubectl-edit" using apps/v1}
     */
    public record Field(String owner, String path) implements java.io.Serializable {
        private static final long serialVersionUID = 1L;

        /** As a cause of the refusal says it. */
        public String message() {
            return "conflict with " + owner;
        }
    }

    private final List<Field> fields;

    ApplyConflict(List<Field> fields) {
        super(message(fields));
        this.fields = List.copyOf(fields);
    }

    public List<Field> fields() {
        return fields;
    }

    private static String message(List<Field> fields) {
        if (fields.size() == 1) {
            Field only = fields.get(0);
            return "Apply failed with 1 conflict: " + only.message() + ": " + only.path();
        }
        Map<String, List<String>> byOwner = new TreeMap<>();
        fields.forEach(
                field ->
                        byOwner.computeIfAbsent(field.owner(), owner -> new ArrayList<>())
                                .add("- " + field.path()));
        List<String> lines = new ArrayList<>();
        byOwner.forEach(
                (owner, paths) -> {
                    lines.add("conflicts with " + owner + ":");
                    lines.addAll(paths);
                });
        return "Apply failed with " + fields.size() + " conflicts: " + String.join("\n", lines);
    }
}
