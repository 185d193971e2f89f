// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.schema.KindDefinition.Allotted;
import dev.wayside.model.KubeObject;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sees to it that what no two objects of a kind may share is given out once: such a kind is written
 * by one thread at a time, which sees all that was written before. Kinds that allot are small and
 * seldom written. Safe for any thread.
 */
final class Allotments {
    private final StoreEngine engine;
    private final Map<String, Object> locks = new ConcurrentHashMap<>();

    Allotments(StoreEngine engine) {
        this.engine = engine;
    }

    /** Runs a write while no other of the kind runs, if the kind allots. */
    <T> T alone(KindDefinition kind, Supplier<T> write) {
        if (!kind.allots()) {
            return write.get();
        }
        Object lock = locks.computeIfAbsent(kind.type().qualified(), name -> new Object());
        synchronized (lock) {
            return write.get();
        }
    }

    /**
     * @param before what the object was; null for a new one
     */
    Allotted given(KindDefinition kind, @Nullable KubeObject before, KubeObject object) {
        if (!kind.allots()) {
            return new Allotted(object, List.of());
        }
        List<KubeObject> others =
                engine.list(kind.type(), "", 0, false, null).objects().stream()
                        .filter(each -> !each.key().equals(object.key(kind.type())))
                        .map(Stored::object)
                        .toList();
        return kind.allotted(before, object, others);
    }
}
