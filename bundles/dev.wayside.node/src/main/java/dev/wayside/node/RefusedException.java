// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

/** The connector, or the state of this device, says no; asking again does not help. */
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
        super(message);
    }
}
