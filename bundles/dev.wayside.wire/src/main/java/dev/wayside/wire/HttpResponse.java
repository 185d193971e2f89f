// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.util.Map;

/**
 * A whole response.
 *
 * @param headers names in lower case; {@code content-length} is set by the listener
 * @param body not to be changed
 */
public record HttpResponse(int status, Map<String, String> headers, byte[] body) {

    /** The header's value, {@code ""} if absent. The name in lower case. */
    public String header(String name) {
        return headers.getOrDefault(name, "");
    }

    @Override
    public String toString() {
        return status + ", " + body.length + " bytes";
    }
}
