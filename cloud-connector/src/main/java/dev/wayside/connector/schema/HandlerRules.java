// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.util.List;

/** The rules for probes and life cycle handlers. */
final class HandlerRules {
    private static final List<String> HANDLERS =
            List.of("exec", "httpGet", "tcpSocket", "grpc", "sleep");
    private static final List<String> COUNTS =
            List.of(
                    "initialDelaySeconds",
                    "timeoutSeconds",
                    "periodSeconds",
                    "successThreshold",
                    "failureThreshold");

    private HandlerRules() {}

    /**
     * @param readiness whether it is about readiness alone, and so ends no container
     */
    static void probe(JsonObject probe, String path, boolean readiness, Errors errors) {
        handler(probe, path, errors);
        for (String count : COUNTS) {
            errors.nonNegative(path + "." + count, probe.number(count).orElse(0));
        }
        long success = probe.number("successThreshold").orElse(1);
        if (!readiness && success != 1) {
            errors.invalid(path + ".successThreshold", success, "must be 1");
        }
        if (probe.has("terminationGracePeriodSeconds")) {
            long grace = probe.number("terminationGracePeriodSeconds").orElse(0);
            if (readiness) {
                errors.invalid(
                        path + ".terminationGracePeriodSeconds",
                        grace,
                        "must not be set for readinessProbes");
            } else if (grace <= 0) {
                errors.invalid(
                        path + ".terminationGracePeriodSeconds", grace, "must be greater than 0");
            }
        }
    }

    static void handler(JsonObject handler, String path, Errors errors) {
        int found = 0;
        for (String kind : HANDLERS) {
            if (handler.get(kind).orElse(null) instanceof JsonObject action) {
                if (found++ > 0) {
                    errors.forbidden(path + "." + kind, "may not specify more than 1 handler type");
                } else {
                    action(kind, action, path + "." + kind, errors);
                }
            }
        }
        if (found == 0) {
            errors.required(path, "must specify a handler type");
        }
    }

    private static void action(String kind, JsonObject action, String path, Errors errors) {
        switch (kind) {
            case "exec" -> {
                if (action.array("command").isEmpty()) {
                    errors.required(path + ".command");
                }
            }
            case "httpGet" -> {
                if (action.text("path").isEmpty()) {
                    errors.required(path + ".path");
                }
                port(action, path, errors);
                String scheme = action.text("scheme");
                if (!List.of("HTTP", "HTTPS").contains(scheme)) {
                    errors.notSupported(path + ".scheme", scheme, List.of("HTTP", "HTTPS"));
                }
                headers(action.array("httpHeaders"), path + ".httpHeaders", errors);
            }
            case "sleep" -> {
                long seconds = action.number("seconds").orElse(0);
                if (seconds < 0) {
                    errors.invalid(path + ".seconds", seconds, "must be non-negative");
                }
            }
            default -> port(action, path, errors);
        }
    }

    private static void headers(JsonArray headers, String path, Errors errors) {
        for (int i = 0; i < headers.size(); i++) {
            if (headers.get(i) instanceof JsonObject header
                    && !header.text("name").matches("[-A-Za-z0-9]+")) {
                errors.invalid(
                        path + "[" + i + "].name",
                        header.text("name"),
                        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g."
                                + " 'X-Header-Name', regex used for validation is"
                                + " '[-A-Za-z0-9]+')");
            }
        }
    }

    private static void port(JsonObject action, String path, Errors errors) {
        Json port = action.get("port").orElse(JsonNumber.of(0));
        if (port instanceof JsonString name) {
            errors.invalid(path + ".port", name.value(), NameRules.portName(name.value()));
        } else {
            long number = action.number("port").orElse(0);
            for (String wrong : NameRules.portNumber(number)) {
                errors.invalid(path + ".port", number, wrong);
            }
        }
    }
}
