// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Cause;
import dev.wayside.connector.store.ObjectStore.Tracking;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import java.util.List;

/** In whose name a request writes. */
final class FieldManagers {
    private static final int LONGEST = 128;

    private FieldManagers() {}

    /**
     * Of a write that is no server-side apply.
     *
     * @throws ApiException Invalid, BadRequest
     */
    static WriteOptions update(Call call, String kindOfOptions) {
        if (call.query().flag("force")) {
            throw invalid(
                    kindOfOptions,
                    "force",
                    "FieldValueForbidden",
                    "Forbidden: may not be specified for non-apply patch");
        }
        String named = named(call, kindOfOptions);
        String manager = named.isEmpty() ? fromUserAgent(call) : named;
        // What a gateway writes nobody else may: see the store's rule of who owns nothing.
        Tracking tracking = call.user().nodeName().isEmpty() ? Tracking.UPDATE : Tracking.NONE;
        return new WriteOptions(manager, call.dryRun(), false, tracking);
    }

    /**
     * Of a server-side apply.
     *
     * @throws ApiException Invalid, BadRequest
     */
    static WriteOptions apply(Call call) {
        String manager = named(call, "PatchOptions");
        if (manager.isEmpty()) {
            throw invalid(
                    "PatchOptions",
                    "fieldManager",
                    "FieldValueRequired",
                    "Required value: is required for apply patch");
        }
        return new WriteOptions(manager, call.dryRun(), call.query().flag("force"), Tracking.APPLY);
    }

    private static String named(Call call, String kindOfOptions) {
        String name = call.query().text("fieldManager");
        if (name.length() > LONGEST) {
            throw invalid(
                    kindOfOptions,
                    "fieldManager",
                    "FieldValueTooLong",
                    "Too long: may not be more than " + LONGEST + " bytes");
        }
        if (!name.codePoints().allMatch(FieldManagers::isPrintable)) {
            throw invalid(
                    kindOfOptions,
                    "fieldManager",
                    "FieldValueInvalid",
                    "Invalid value: "
                            + Json.of(name).toJson()
                            + ": should only contain printable characters");
        }
        return name;
    }

    /** The user agent's first part: {@code kubectl} of {@code kubectl/v1.35.0 (linux/amd64)}. */
    private static String fromUserAgent(Call call) {
        String agent = call.request().header("user-agent");
        int slash = agent.indexOf('/');
        StringBuilder name = new StringBuilder();
        (slash < 0 ? agent : agent.substring(0, slash))
                .codePoints()
                .filter(FieldManagers::isPrintable)
                .limit(LONGEST)
                .forEach(name::appendCodePoint);
        return name.isEmpty() ? "unknown" : name.toString();
    }

    private static boolean isPrintable(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                    false;
            default -> true;
        };
    }

    private static ApiException invalid(
            String kindOfOptions, String field, String reason, String message) {
        return ApiException.invalid(
                kindOfOptions + ".meta.k8s.io", "", List.of(new Cause(reason, message, field)));
    }
}
