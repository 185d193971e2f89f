// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The built-in kinds, and those that established CustomResourceDefinitions define. The store tells
 * of each definition as it becomes visible, and when it is opened of all that are there, so the
 * kinds are never behind what a client has seen. Readers see one snapshot or the next.
 */
public final class ServedKinds implements Kinds {
    private static final String DEFINITIONS = ResourceType.CUSTOM_RESOURCE_DEFINITIONS.qualified();

    private record Snapshot(
            Map<String, Redefinition> custom, List<KindDefinition> all, long version) {}

    private final BuiltInKinds builtIn;
    private volatile Snapshot current;

    public ServedKinds() {
        this(ServiceRange.DEFAULT);
    }

    /**
     * @param services where new Services get their addresses from
     */
    public ServedKinds(ServiceRange services) {
        builtIn = new BuiltInKinds(services);
        current = new Snapshot(Map.of(), List.copyOf(builtIn.all()), 0);
    }

    /** The kinds that are always there. */
    public BuiltInKinds builtIn() {
        return builtIn;
    }

    @Override
    public Collection<KindDefinition> all() {
        return current.all();
    }

    @Override
    public long version() {
        return current.version();
    }

    @Override
    public Optional<KindDefinition> byPlural(String group, String version, String plural) {
        Redefinition custom = current.custom().get(plural + "." + group);
        return custom == null
                ? builtIn.byPlural(group, version, plural)
                : custom.served().stream()
                        .filter(kind -> kind.type().version().equals(version))
                        .findFirst();
    }

    @Override
    public Optional<KindDefinition> byQualified(String qualified) {
        Redefinition custom = current.custom().get(qualified);
        return custom == null
                ? builtIn.byQualified(qualified)
                : Optional.ofNullable(custom.stored());
    }

    @Override
    public Optional<KindDefinition> byKind(String apiVersion, String kind) {
        return current.all().stream()
                .filter(
                        definition ->
                                definition.type().kind().equals(kind)
                                        && definition.type().apiVersion().equals(apiVersion))
                .findFirst();
    }

    @Override
    public boolean areDefinedBy(String resource) {
        return resource.equals(DEFINITIONS);
    }

    @Override
    public Optional<Redefinition> redefinition(ObjectKey definition, @Nullable KubeObject after) {
        String resource = definition.name();
        Redefinition before = current.custom().get(resource);
        if (after == null || !after.conditionIsTrue("Established")) {
            return before == null
                    ? Optional.empty()
                    : Optional.of(new Redefinition(resource, null, List.of()));
        }
        Redefinition now = read(resource, after);
        return before != null && same(before, now) ? Optional.empty() : Optional.of(now);
    }

    private Redefinition read(String resource, KubeObject definition) {
        List<JsonObject> versions = new ArrayList<>(definition.spec().array("versions").objects());
        versions.sort((a, b) -> Versions.ORDER.compare(a.text("name"), b.text("name")));
        Set<String> selectable = new LinkedHashSet<>();
        versions.forEach(version -> selectable.addAll(CustomKind.selectable(version)));
        KindDefinition stored = null;
        List<KindDefinition> served = new ArrayList<>();
        for (JsonObject version : versions) {
            if (version.flag("storage")) {
                stored = new CustomKind(builtIn.table(), definition, version, selectable);
            }
            if (version.flag("served")) {
                served.add(
                        new CustomKind(
                                builtIn.table(),
                                definition,
                                version,
                                CustomKind.selectable(version)));
            }
        }
        return new Redefinition(resource, stored, List.copyOf(served));
    }

    private static boolean same(Redefinition before, Redefinition now) {
        if (before.served().size() != now.served().size() || !same(before.stored(), now.stored())) {
            return false;
        }
        for (int i = 0; i < now.served().size(); i++) {
            if (!same(before.served().get(i), now.served().get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean same(@Nullable KindDefinition before, @Nullable KindDefinition now) {
        return before instanceof CustomKind one
                && now instanceof CustomKind other
                && one.isSameAs(other);
    }

    @Override
    public void redefine(Redefinition redefinition) {
        Map<String, Redefinition> custom = new TreeMap<>(current.custom());
        if (redefinition.stored() == null) {
            custom.remove(redefinition.resource());
        } else {
            custom.put(redefinition.resource(), redefinition);
        }
        List<KindDefinition> all = new ArrayList<>(builtIn.all());
        custom.values().forEach(each -> all.addAll(each.served()));
        current = new Snapshot(custom, List.copyOf(all), current.version() + 1);
    }
}
