// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

/** How a handler went. {@code message} is for people, bounded, and may be {@code ""}. */
record Outcome(Kind kind, String message) {
    enum Kind {
        SUCCESS,
        FAILURE,
        /** It could not be tried, through no fault of the container: it says nothing. */
        UNKNOWN
    }

    private static final int MOST_MESSAGE = 1024;

    Outcome {
        message =
                message.length() <= MOST_MESSAGE
                        ? message
                        : message.substring(0, MOST_MESSAGE) + "…";
    }

    static Outcome success() {
        return new Outcome(Kind.SUCCESS, "");
    }

    static Outcome failure(String message) {
        return new Outcome(Kind.FAILURE, message);
    }

    static Outcome unknown(String message) {
        return new Outcome(Kind.UNKNOWN, message);
    }
}
