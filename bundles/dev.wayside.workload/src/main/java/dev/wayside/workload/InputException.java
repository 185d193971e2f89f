// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

/**
 * Something that the pod needs is not there (yet) or cannot be used. The pod waits, and is looked
 * at again when the thing changes.
 */
final class InputException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what, which; no secrets
     */
    InputException(String message) {
        super(message);
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
