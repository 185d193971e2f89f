// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** The decoded query of a request; of a name that comes twice the first value counts. */
public record QueryParameters(Map<String, String> values) {
    public static final QueryParameters NONE = new QueryParameters(Map.of());

    // More names than any client sends; a bound on what a stranger can make us keep.
    private static final int MAX_PARAMETERS = 64;

    public QueryParameters {
        values = Map.copyOf(values);
    }

    /**
     * @throws ApiException BadRequest if it is not decodable or too long
     */
    static QueryParameters parse(String query) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String pair : query.isEmpty() ? List.<String>of() : List.of(query.split("&", -1))) {
            int equal = pair.indexOf('=');
            String name = PercentDecoder.query(equal < 0 ? pair : pair.substring(0, equal));
            String value = equal < 0 ? "" : PercentDecoder.query(pair.substring(equal + 1));
            values.putIfAbsent(name, value);
            if (values.size() > MAX_PARAMETERS) {
                throw new ApiException(Reason.BAD_REQUEST, "too many query parameters");
            }
        }
        return new QueryParameters(values);
    }

    /** The value, {@code ""} if absent. */
    public String text(String name) {
        return values.getOrDefault(name, "");
    }

    /** As Kubernetes reads booleans in queries: present and neither {@code 0} nor {@code false}. */
    public boolean flag(String name) {
        String value = values.get(name);
        return value != null && !value.equals("0") && !value.equalsIgnoreCase("false");
    }

    /**
     * @throws ApiException BadRequest if it is no whole number from 0 up
     */
    public OptionalLong number(String name) {
        String value = text(name);
        if (value.isEmpty()) {
            return OptionalLong.empty();
        }
        try {
            long number = Long.parseLong(value);
            if (number >= 0) {
                return OptionalLong.of(number);
            }
        } catch (NumberFormatException e) {
            throw notANumber(name, value);
        }
        throw notANumber(name, value);
    }

    private static ApiException notANumber(String name, String value) {
        return new ApiException(
                Reason.BAD_REQUEST,
                "invalid query parameter "
                        + name
                        + ": \"$V\" is not a whole number from 0 up".replace("$V", value));
    }
}
