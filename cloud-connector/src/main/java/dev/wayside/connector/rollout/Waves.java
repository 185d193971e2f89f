// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.rollout;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which site is in which wave. Sites that a wave names or selects are its own; numbers and shares
 * are filled from the others: first sites that this change has reached already, so that each it
 * reaches keeps its wave, then those that can be heard, by name; those that it does not concern
 * come last. All that is left is the rest.
 */
final class Waves {
    private Waves() {}

    /**
     * @param sites by name, in the order of names
     * @param changing the sites that are being changed
     * @return the sites of each wave, in the order in which they are begun; every site is in one
     */
    static List<List<Site>> of(List<Wave> waves, Map<String, Site> sites, Set<String> changing) {
        Map<String, Site> left = new LinkedHashMap<>(sites);
        List<List<Site>> result = new ArrayList<>();
        for (Wave wave : waves) {
            result.add(taken(wave.choice(), left));
        }
        for (int i = 0; i < waves.size(); i++) {
            if (waves.get(i).choice() instanceof Wave.Part part) {
                long most = part.share().roundedUp(sites.size());
                List<Site> first =
                        left.values().stream()
                                .sorted(
                                        Comparator.comparing(
                                                        (Site site) ->
                                                                !site.changed()
                                                                        && !changing.contains(
                                                                                site.name()))
                                                .thenComparing(Site::updated)
                                                .thenComparing(Site::away)
                                                .thenComparing(Site::name))
                                .limit(most)
                                .toList();
                result.get(i).addAll(first);
                first.forEach(site -> left.remove(site.name()));
            }
        }
        for (int i = 0; i < waves.size(); i++) {
            if (waves.get(i).choice() instanceof Wave.Rest) {
                result.get(i).addAll(left.values());
                left.clear();
            }
        }
        return result;
    }

    private static List<Site> taken(Wave.Choice choice, Map<String, Site> left) {
        List<Site> taken = new ArrayList<>();
        Collection<String> names = List.of();
        if (choice instanceof Wave.Named named) {
            names = new LinkedHashSet<>(named.sites());
        } else if (choice instanceof Wave.Selected selected) {
            names =
                    left.values().stream()
                            .filter(
                                    site ->
                                            site.labels().stream()
                                                    .anyMatch(selected.selector()::matches))
                            .map(Site::name)
                            .toList();
        }
        for (String name : names) {
            Site site = left.remove(name);
            if (site != null) {
                taken.add(site);
            }
        }
        return taken;
    }
}
