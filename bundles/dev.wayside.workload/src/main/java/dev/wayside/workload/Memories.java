// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/** The pods' memories by UID. Changes are atomic; safe for any thread. */
final class Memories {
    private final Map<String, PodMemory> byUid = new ConcurrentHashMap<>();

    /** Changes the pod's memory and returns it. The change may be tried more than once. */
    PodMemory update(String uid, UnaryOperator<PodMemory> change) {
        return byUid.compute(
                uid, (key, known) -> change.apply(known == null ? PodMemory.EMPTY : known));
    }

    /** Changes the pod's memory unless it was dropped: the end of a pull or a stop comes late. */
    void updateIfKnown(String uid, UnaryOperator<PodMemory> change) {
        byUid.computeIfPresent(uid, (key, known) -> change.apply(known));
    }

    void updateAll(UnaryOperator<PodMemory> change) {
        byUid.replaceAll((uid, memory) -> change.apply(memory));
    }

    /** Drops the memories of all others. */
    void retain(Set<String> uids) {
        byUid.keySet().retainAll(uids);
    }

    void drop(String uid) {
        byUid.remove(uid);
    }
}
