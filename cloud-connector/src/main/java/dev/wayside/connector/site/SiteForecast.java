// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.site;

import dev.wayside.connector.site.Membership.Supposition;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of nodes if a node, a unit or a group is changed: the {@link SiteController}'s
 * steps, taken in memory over what is supposed, until nothing changes any more. Writes nothing;
 * reads the informers. Safe for any thread.
 */
public final class SiteForecast {
    private final Informer nodes;
    private final Informer units;
    private final Membership membership;

    SiteForecast(Cluster cluster, Membership membership) {
        this.nodes = cluster.nodes();
        this.units = cluster.informer(ResourceType.NODE_UNITS);
        this.membership = membership;
    }

    /** The kinds whose changes change nodes. */
    public static boolean concerns(ResourceType type) {
        return isOf(type, ResourceType.NODES)
                || isOf(type, ResourceType.NODE_UNITS)
                || isOf(type, ResourceType.NODE_GROUPS);
    }

    private static boolean isOf(ResourceType type, ResourceType other) {
        return type.qualified().equals(other.qualified());
    }

    /**
     * @param before null if there was none
     * @param after null if there will be none
     */
    public record NodeChange(@Nullable KubeObject before, @Nullable KubeObject after) {
        public Map<String, String> labelsBefore() {
            return before == null ? Map.of() : before.labels();
        }

        public Map<String, String> labelsAfter() {
            return after == null ? Map.of() : after.labels();
        }
    }

    /**
     * @param nodes those that change, by name
     * @param complete whether there was time for all
     */
    public record Outcome(Map<String, NodeChange> nodes, boolean complete) {}

    /**
     * @param before null if it is new
     * @param after null if it is deleted
     * @param orphaning whether what it owns stays when it is deleted
     * @param late ends it early
     */
    public Outcome of(
            ResourceType type,
            @Nullable KubeObject before,
            @Nullable KubeObject after,
            boolean orphaning,
            BooleanSupplier late) {
        return new Run(orphaning).outcome(type, before, after, late);
    }

    private final class Run {
        private final boolean orphaning;
        private final Map<ObjectKey, Optional<KubeObject>> supposed = new HashMap<>();
        private final Membership then = membership.supposing(new Supposition(supposed));
        private final Set<String> pendingUnits = new LinkedHashSet<>();
        private final Set<String> pendingNodes = new LinkedHashSet<>();

        Run(boolean orphaning) {
            this.orphaning = orphaning;
        }

        Outcome outcome(
                ResourceType type,
                @Nullable KubeObject before,
                @Nullable KubeObject after,
                BooleanSupplier late) {
            KubeObject there = before == null ? after : before;
            Map<String, NodeChange> changes = new LinkedHashMap<>();
            if (there == null) {
                return new Outcome(changes, true);
            }
            if (isOf(type, ResourceType.NODES)) {
                suppose(ResourceType.NODES, there.name(), after);
                pendingNodes.add(there.name());
            } else if (isOf(type, ResourceType.NODE_UNITS)) {
                unit(before, after);
            } else {
                group(before, after);
            }
            boolean complete = settle(late);
            supposed.forEach(
                    (key, node) -> {
                        if (key.resource().equals(ResourceType.NODES.qualified())) {
                            KubeObject was =
                                    isOf(type, ResourceType.NODES)
                                                    && key.name().equals(there.name())
                                            ? before
                                            : nodes.get("", key.name()).orElse(null);
                            changes.put(key.name(), new NodeChange(was, node.orElse(null)));
                        }
                    });
            return new Outcome(changes, complete);
        }

        private boolean settle(BooleanSupplier late) {
            while (!pendingUnits.isEmpty() || !pendingNodes.isEmpty()) {
                if (late.getAsBoolean()) {
                    return false;
                }
                if (!pendingUnits.isEmpty()) {
                    now(ResourceType.NODE_UNITS, take(pendingUnits)).ifPresent(this::look);
                } else {
                    now(ResourceType.NODES, take(pendingNodes)).ifPresent(this::lookAtNode);
                }
            }
            return true;
        }

        private static String take(Set<String> pending) {
            String first = pending.iterator().next();
            pending.remove(first);
            return first;
        }

        private void suppose(ResourceType type, String name, @Nullable KubeObject object) {
            supposed.put(type.key("", name), Optional.ofNullable(object));
        }

        private Optional<KubeObject> now(ResourceType type, String name) {
            Optional<KubeObject> other = supposed.get(type.key("", name));
            return other != null
                    ? other
                    : (isOf(type, ResourceType.NODES) ? nodes : units).get("", name);
        }

        private void addNodes(Collection<KubeObject> which) {
            which.forEach(node -> pendingNodes.add(node.name()));
        }

        private void unit(@Nullable KubeObject before, @Nullable KubeObject after) {
            KubeObject there = before == null ? after : before;
            if (there == null) {
                return;
            }
            if (before != null) {
                addNodes(then.nodesOf(before));
                addNodes(then.bearing(before));
            }
            suppose(ResourceType.NODE_UNITS, there.name(), after);
            if (after != null) {
                pendingUnits.add(after.name());
                addNodes(then.nodesOf(after));
            }
        }

        private void group(@Nullable KubeObject before, @Nullable KubeObject after) {
            KubeObject there = before == null ? after : before;
            if (there == null) {
                return;
            }
            Set<KubeObject> touched = new LinkedHashSet<>(then.labelledFor(there));
            if (before != null) {
                touched.addAll(then.unitsIn(before));
            }
            suppose(ResourceType.NODE_GROUPS, there.name(), after);
            if (after != null) {
                touched.addAll(then.unitsIn(after));
                after.spec().array("autoFindNodeKeys").strings().stream()
                        .findFirst()
                        .ifPresent(key -> addNodes(then.nodesWith(key)));
            } else if (before != null && !orphaning) {
                // The garbage collector takes what no other group found.
                for (KubeObject unit : units.ownedBy(before.uid())) {
                    if (unit.owners().stream()
                            .allMatch(owner -> owner.uid().equals(before.uid()))) {
                        unit(unit, null);
                        touched.remove(unit);
                    }
                }
            }
            for (KubeObject unit : touched) {
                pendingUnits.add(unit.name());
                addNodes(then.nodesOf(unit));
            }
        }

        private void look(KubeObject unit) {
            if (unit.deleted().isPresent()) {
                return;
            }
            KubeObject labelled = UnitStep.labelled(unit, then);
            if (!labelled.equals(unit)) {
                unit(unit, labelled);
            }
        }

        private void lookAtNode(KubeObject node) {
            if (node.deleted().isPresent()) {
                return;
            }
            Map<String, String> own = Applied.ownLabels(node);
            for (KubeObject group : then.allGroups()) {
                if (group.deleted().isEmpty()) {
                    AutoFound.unit(group, own)
                            .filter(found -> now(ResourceType.NODE_UNITS, found.name()).isEmpty())
                            .ifPresent(found -> unit(null, found));
                }
            }
            KubeObject settled = NodeStep.settings(node, then).on(node);
            if (!settled.equals(node)) {
                suppose(ResourceType.NODES, node.name(), settled);
            }
        }
    }
}
