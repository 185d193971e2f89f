// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.netty.channel.Channel;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one sort of peer from taking all connections. Each connection is in one crowd at a time; in
 * a crowd that is full the oldest has to go for the newest, so that who comes while somebody floods
 * has as good a chance as the flood. Safe for any thread.
 */
final class Crowds {
    @GuardedBy("this")
    private final Map<Channel, String> crowdOf = new HashMap<>();

    @GuardedBy("this")
    private final Map<String, LinkedHashSet<Channel>> crowds = new HashMap<>();

    /**
     * Moves the connection into a crowd.
     *
     * @return the one that has to go, null if none
     */
    synchronized @Nullable Channel join(Channel connection, String crowd, int most) {
        leave(connection);
        LinkedHashSet<Channel> members =
                crowds.computeIfAbsent(crowd, name -> new LinkedHashSet<>(2));
        members.add(connection);
        crowdOf.put(connection, crowd);
        if (members.size() <= most) {
            return null;
        }
        Iterator<Channel> oldest = members.iterator();
        Channel leaving = oldest.next();
        oldest.remove();
        crowdOf.remove(leaving);
        return leaving;
    }

    /** May be called twice. */
    synchronized void leave(Channel connection) {
        String crowd = crowdOf.remove(connection);
        if (crowd == null) {
            return;
        }
        LinkedHashSet<Channel> members = crowds.get(crowd);
        if (members != null && members.remove(connection) && members.isEmpty()) {
            crowds.remove(crowd);
        }
    }

    synchronized int size(String crowd) {
        LinkedHashSet<Channel> members = crowds.get(crowd);
        return members == null ? 0 : members.size();
    }
}
