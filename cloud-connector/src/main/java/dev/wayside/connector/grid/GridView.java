// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.wayside.connector.grid.GridStatus.Site;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What was last seen of each site of one grid, so that the grid's status needs no look at the sites
 * that did not change. Safe for any thread.
 */
final class GridView {
    private static final Site NOT_YET = new Site(null, null, null);
    private static final long NEVER = -1;

    /**
     * @param generation the grid's, that the site was last brought to
     */
    private record Known(Site site, long generation) {}

    private final String uid;

    @GuardedBy("this")
    private final TreeMap<String, Known> sites = new TreeMap<>();

    @GuardedBy("this")
    private int postponed;

    GridView(String uid) {
        this.uid = uid;
    }

    boolean isOf(String gridUid) {
        return uid.equals(gridUid);
    }

    synchronized int size() {
        return sites.size();
    }

    /** Those that are and those that have been seen. */
    synchronized Set<String> expect(Set<String> expected) {
        expected.forEach(site -> sites.putIfAbsent(site, new Known(NOT_YET, NEVER)));
        return Set.copyOf(sites.keySet());
    }

    /**
     * @param generation the grid's that the site was brought to; empty if it was not
     * @return whether that is news
     */
    synchronized boolean put(String name, Site site, Optional<Long> generation) {
        Known before = sites.get(name);
        long last = before == null ? NEVER : before.generation();
        Known after = new Known(site, generation.orElse(last));
        sites.put(name, after);
        return !after.equals(before);
    }

    synchronized boolean remove(String name) {
        return sites.remove(name) != null;
    }

    /** Whether every site was brought to this generation of the grid. */
    synchronized boolean isAt(long generation) {
        return sites.values().stream().allMatch(known -> known.generation() >= generation);
    }

    /** Counts how often in a row the status was put off. */
    synchronized int postponed(boolean again) {
        postponed = again ? postponed + 1 : 0;
        return postponed;
    }

    synchronized SortedMap<String, Site> sites() {
        SortedMap<String, Site> copy = new TreeMap<>();
        sites.forEach((name, known) -> copy.put(name, known.site()));
        return copy;
    }
}
