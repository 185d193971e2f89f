// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import dev.wayside.model.Quantity;
import java.util.Set;

/** The rules for requests, limits and other lists of resources. */
final class ResourceRules {
    private static final Set<String> STANDARD = Set.of("cpu", "memory", "ephemeral-storage");

    private ResourceRules() {}

    static void container(JsonObject resources, String path, Errors errors) {
        JsonObject limits = resources.object("limits");
        JsonObject requests = resources.object("requests");
        list(limits, path + ".limits", errors);
        list(requests, path + ".requests", errors);
        for (String name : requests.members().keySet()) {
            Quantity request = quantity(requests, name);
            if (limits.has(name)) {
                Quantity limit = quantity(limits, name);
                if (request.compareTo(limit) > 0) {
                    errors.invalid(
                            path + ".requests",
                            text(requests, name),
                            "must be less than or equal to "
                                    + name
                                    + " limit of "
                                    + text(limits, name));
                } else if (!mayOvercommit(name) && request.compareTo(limit) != 0) {
                    errors.invalid(
                            path + ".requests",
                            text(requests, name),
                            "must be equal to " + name + " limit of " + text(limits, name));
                }
            } else if (!mayOvercommit(name)) {
                errors.required(
                        path + ".limits", "Limit must be set for non overcommitable resources");
            }
        }
    }

    private static void list(JsonObject resources, String path, Errors errors) {
        for (String name : resources.members().keySet()) {
            String here = path + "[" + name + "]";
            errors.invalid(here, name, NameRules.qualified(name));
            if (!name.contains("/") && !STANDARD.contains(name) && !name.startsWith("hugepages-")) {
                errors.invalid(here, name, "must be a standard resource for containers");
            }
            quantity(resources, name, here, errors);
        }
    }

    /** One quantity that may not be negative. */
    static void quantity(JsonObject resources, String name, String path, Errors errors) {
        if (quantity(resources, name).compareTo(Quantity.ZERO) < 0) {
            errors.invalid(path, text(resources, name), "must be greater than or equal to 0");
        }
    }

    private static boolean mayOvercommit(String name) {
        return STANDARD.contains(name)
                || name.startsWith("kubernetes.io/")
                || name.contains(".kubernetes.io/");
    }

    /** Zero where there is none, or none that can be read. */
    static Quantity quantity(JsonObject resources, String name) {
        try {
            return Quantity.of(resources, name);
        } catch (IllegalArgumentException e) {
            return Quantity.ZERO; // decoding has refused it before
        }
    }

    private static String text(JsonObject resources, String name) {
        Json value = resources.get(name).orElseThrow();
        return value instanceof JsonString string ? string.value() : value.toJson();
    }
}
