// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

/** Why one site cannot be as the grid asks. It stops no other site. */
final class SiteFailure extends Exception {
    private static final long serialVersionUID = 1L;
    private final String reason;

    /**
     * @param reason one word, for conditions, for instance {@code TemplateMissing}
     */
    SiteFailure(String reason, String message) {
        super(message);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
