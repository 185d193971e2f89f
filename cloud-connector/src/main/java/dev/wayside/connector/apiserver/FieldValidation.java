// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Cause;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.PatchType;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What becomes of fields that a kind does not have, and of values of the wrong type: the query
 * parameter {@code fieldValidation}.
 */
final class FieldValidation {
    private static final int MAX_NAMED = 20;
    private static final Pattern INDEX = Pattern.compile("-|0|[1-9][0-9]{0,8}");

    private FieldValidation() {}

    /**
     * Checks a whole object.
     *
     * @param duplicates fields that the text holds twice
     * @return warnings for the user
     * @throws ApiException BadRequest
     */
    static List<String> check(
            KindDefinition kind, JsonObject object, List<String> duplicates, String directive) {
        Optional<String> wrong = kind.wrongType(object);
        if (wrong.isPresent()) {
            throw ApiStatus.badRequest(cannotBeHandled(kind) + wrong.get());
        }
        List<String> errors = strictErrors(duplicates, kind, object);
        return verdict(
                errors,
                directive,
                () ->
                        ApiStatus.badRequest(
                                cannotBeHandled(kind)
                                        + "strict decoding error: "
                                        + String.join(", ", errors)));
    }

    /**
     * Checks what a patch would set.
     *
     * @throws ApiException Invalid, BadRequest
     */
    static List<String> checkPatch(
            KindDefinition kind,
            PatchType type,
            Json body,
            List<String> duplicates,
            String directive) {
        List<JsonObject> parts = new ArrayList<>();
        if (type == PatchType.JSON) {
            if (body instanceof JsonArray operations) {
                operations
                        .objects()
                        .forEach(operation -> skeleton(operation).ifPresent(parts::add));
            }
        } else if (body instanceof JsonObject object) {
            parts.add(settings(object));
        }
        List<String> errors = new ArrayList<>(duplicates);
        for (JsonObject part : parts) {
            // The path of a JSON patch does not tell an index from a key, so types stay unjudged.
            Optional<String> wrong =
                    type == PatchType.JSON ? Optional.empty() : kind.wrongType(part);
            if (wrong.isPresent()) {
                throw invalidPatch(kind, body, wrong.get());
            }
            errors.addAll(kind.unknownFields(part));
        }
        return verdict(
                errors,
                directive,
                () ->
                        invalidPatch(
                                kind,
                                body,
                                "strict decoding error: " + String.join(", ", limited(errors))));
    }

    private static List<String> verdict(
            List<String> errors,
            String directive,
            java.util.function.Supplier<ApiException> strict) {
        return switch (directive) {
            case "Ignore" -> List.of();
            case "", "Warn" -> limited(errors);
            case "Strict" -> {
                if (!errors.isEmpty()) {
                    throw strict.get();
                }
                yield List.of();
            }
            default ->
                    throw ApiStatus.badRequest(
                            "fieldValidation: Unsupported value: \""
                                    + directive
                                    + "\": supported values: \"Ignore\", \"Strict\", \"Warn\"");
        };
    }

    private static List<String> strictErrors(
            List<String> duplicates, KindDefinition kind, JsonObject object) {
        List<String> errors = new ArrayList<>(duplicates);
        errors.addAll(kind.unknownFields(object));
        return limited(errors);
    }

    private static List<String> limited(List<String> errors) {
        return errors.size() > MAX_NAMED ? errors.subList(0, MAX_NAMED) : errors;
    }

    private static String cannotBeHandled(KindDefinition kind) {
        ResourceType type = kind.type();
        return type.kind()
                + " in version \""
                + type.version()
                + "\" cannot be handled as a "
                + type.kind()
                + ": ";
    }

    /** As Kubernetes has it: an Invalid that names no kind, about a field called "patch". */
    private static ApiException invalidPatch(KindDefinition kind, Json body, String why) {
        boolean secret = kind.type().equals(ResourceType.SECRETS);
        String shown = secret ? "" : Json.of(body.toJson()).toJson() + ": ";
        String message = "Invalid value: " + shown + why;
        return new ApiException(
                Reason.INVALID,
                " \"\" is invalid: patch: " + message,
                "",
                "",
                "",
                List.of(new Cause("FieldValueInvalid", message, "patch")));
    }

    /** What a merge or strategic patch sets: without removals and directives. */
    private static JsonObject settings(JsonObject patch) {
        JsonObject.Builder kept = JsonObject.builder();
        patch.members()
                .forEach(
                        (name, value) -> {
                            if (!name.startsWith("$") && !(value instanceof JsonNull)) {
                                kept.put(name, settingsOf(value));
                            }
                        });
        return kept.build();
    }

    private static Json settingsOf(Json value) {
        if (value instanceof JsonObject object) {
            return settings(object);
        }
        if (value instanceof JsonArray array) {
            return new JsonArray(array.items().stream().map(FieldValidation::settingsOf).toList());
        }
        return value;
    }

    /** The object that has nothing but what one operation of a JSON patch sets. */
    private static Optional<JsonObject> skeleton(JsonObject operation) {
        Optional<Json> value = operation.get("value");
        String path = operation.text("path");
        String op = operation.text("op");
        if (value.isEmpty() || path.isEmpty() || op.equals("test")) {
            return Optional.empty();
        }
        Json inner = value.get();
        String[] steps = path.substring(1).split("/", -1);
        for (int i = steps.length - 1; i >= 0; i--) {
            String step = steps[i].replace("~1", "/").replace("~0", "~");
            inner =
                    i > 0 && INDEX.matcher(step).matches()
                            ? JsonArray.of(inner)
                            : JsonObject.of(step, inner);
        }
        return inner instanceof JsonObject object ? Optional.of(object) : Optional.empty();
    }
}
