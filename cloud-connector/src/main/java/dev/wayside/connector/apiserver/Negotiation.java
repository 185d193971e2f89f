// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Chooses the form of the answer from the {@code Accept} header. */
final class Negotiation {
    /** The forms that the API speaks. */
    enum Form {
        /** The objects as they are. */
        PLAIN,
        /** Rows and columns for people. */
        TABLE,
        /** Nothing but the metadata. */
        METADATA,
        /** All groups at once. */
        DISCOVERY
    }

    private Negotiation() {}

    /**
     * The first form in the client's order that is served; weights are not read, as no Kubernetes
     * client sends any.
     *
     * @throws ApiException NotAcceptable if there is none
     */
    static Form choose(String accept) {
        if (accept.isBlank()) {
            return Form.PLAIN;
        }
        for (String clause : accept.split(",")) {
            String[] parts = clause.trim().split(";");
            String type = parts[0].trim().toLowerCase(Locale.ROOT);
            Map<String, String> parameters = parameters(parts);
            String as = parameters.getOrDefault("as", "");
            if (as.isEmpty() && isJson(type)) {
                return Form.PLAIN;
            }
            if (type.equals("application/json")) {
                Form form = special(as, parameters);
                if (form != null) {
                    return form;
                }
            }
        }
        throw new ApiException(
                Reason.NOT_ACCEPTABLE,
                "only the following media types are accepted: application/json");
    }

    private static boolean isJson(String type) {
        return type.equals("application/json")
                || type.equals("application/*")
                || type.equals("*/*");
    }

    private static @Nullable Form special(String as, Map<String, String> parameters) {
        String group = parameters.getOrDefault("g", "");
        String version = parameters.getOrDefault("v", "");
        return switch (as) {
            case "Table" -> served(Form.TABLE, group, version, "meta.k8s.io", "v1");
            case "PartialObjectMetadata", "PartialObjectMetadataList" ->
                    served(Form.METADATA, group, version, "meta.k8s.io", "v1");
            case "APIGroupDiscoveryList" ->
                    served(Form.DISCOVERY, group, version, "apidiscovery.k8s.io", "v2");
            default -> null;
        };
    }

    private static @Nullable Form served(
            Form form, String group, String version, String wantedGroup, String wantedVersion) {
        return group.equals(wantedGroup) && version.equals(wantedVersion) ? form : null;
    }

    private static Map<String, String> parameters(String[] parts) {
        Map<String, String> parameters = new HashMap<>();
        for (int i = 1; i < parts.length; i++) {
            int equal = parts[i].indexOf('=');
            if (equal > 0) {
                parameters.put(
                        parts[i].substring(0, equal).trim().toLowerCase(Locale.ROOT),
                        parts[i].substring(equal + 1).trim());
            }
        }
        return parameters;
    }
}
