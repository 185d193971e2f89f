// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import java.util.Iterator;
import java.util.List;

/** A command line, read from left to right. Not safe for use by several threads. */
final class Arguments {
    private final Iterator<String> rest;

    Arguments(List<String> arguments) {
        this.rest = List.copyOf(arguments).iterator();
    }

    boolean hasNext() {
        return rest.hasNext();
    }

    String next() {
        return rest.next();
    }

    /**
     * @throws IllegalArgumentException if nothing follows
     */
    String value(String option) {
        if (!rest.hasNext()) {
            throw new IllegalArgumentException(option + " needs a value");
        }
        return rest.next();
    }

    /**
     * @throws IllegalArgumentException if it is no whole number within the bounds
     */
    static int number(String option, String text, int least, int most) {
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, as for a number out of bounds.
        }
        throw new IllegalArgumentException(
                option + " must be a number from " + least + " to " + most + ", not " + text);
    }
}
