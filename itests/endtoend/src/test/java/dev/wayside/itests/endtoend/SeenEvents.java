// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What an informer told of objects, in its order. */
final class SeenEvents {
    private final Map<String, Long> last = new HashMap<>();
    private final Set<String> states = new HashSet<>();
    private final Set<String> deleted = new HashSet<>();
    private final List<String> disorder = new ArrayList<>();

    /**
     * @param type {@code add}, {@code update} or {@code delete}
     * @param revision a number, here at the connector
     */
    synchronized void add(String type, String name, String uid, String revision) {
        long now = Long.parseLong(revision);
        Long before = last.put(name, now);
        if (before != null && now <= before) {
            disorder.add(type + " of " + name + " at " + now + " after " + before);
        }
        if (type.equals("delete")) {
            deleted.add(uid);
        } else {
            states.add(name + "@" + revision);
        }
    }

    /** Each state of an object, as {@code NAME@REVISION}. */
    synchronized Set<String> states() {
        return Set.copyOf(states);
    }

    /** The UIDs of those that went. */
    synchronized Set<String> deleted() {
        return Set.copyOf(deleted);
    }

    /** What came twice or too late; empty if nothing did. */
    synchronized List<String> disorder() {
        return List.copyOf(disorder);
    }
}
