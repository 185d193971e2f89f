// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import dev.wayside.connector.apiserver.Authorizer.Decision;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.Threads;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.store.Mirror;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Answers from memory what roles and bindings allow. A change takes effect when the watch brings
 * it, within moments. Safe for any thread; does not block.
 */
public final class Rbac implements AutoCloseable {
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(Threads.named("access-mirror"));
    private final Mirror<RoleView> roles;
    private final Mirror<RoleView> clusterRoles;
    private final Mirror<BindingView> bindings;
    private final Mirror<BindingView> clusterBindings;

    public Rbac(ObjectStore store) {
        this.roles = roles(store, ResourceType.ROLES);
        this.clusterRoles = roles(store, ResourceType.CLUSTER_ROLES);
        this.bindings = bindings(store, ResourceType.ROLE_BINDINGS);
        this.clusterBindings = bindings(store, ResourceType.CLUSTER_ROLE_BINDINGS);
    }

    private Mirror<RoleView> roles(ObjectStore store, ResourceType type) {
        return new Mirror<>(store, type, () -> new RoleView(type), timer);
    }

    private Mirror<BindingView> bindings(ObjectStore store, ResourceType type) {
        return new Mirror<>(store, type, () -> new BindingView(type), timer);
    }

    private List<Mirror<?>> mirrors() {
        return List.of(roles, clusterRoles, bindings, clusterBindings);
    }

    /** Begins to watch; until all is seen, too little is allowed. */
    public void start() {
        mirrors().forEach(Mirror::start);
    }

    /**
     * @return whether all was seen in time
     */
    public boolean awaitComplete(Duration timeout) throws InterruptedException {
        for (Mirror<?> mirror : mirrors()) {
            if (!mirror.awaitComplete(timeout)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        mirrors().forEach(Mirror::close);
        timer.shutdownNow();
    }

    /** Whether a role that is bound to the user allows it, and which; or what is missing. */
    public Decision authorize(User user, RequestInfo request) {
        List<String> missing = new ArrayList<>();
        for (Granted granted : granted(user, request.namespace())) {
            Optional<List<PolicyRule>> rules = rules(granted.binding().role());
            if (rules.isEmpty()) {
                missing.add(notFound(granted.binding().role()));
            } else if (rules.get().stream().anyMatch(rule -> rule.allows(request))) {
                return Decision.allow("RBAC: allowed by " + granted);
            }
        }
        return Decision.deny(missing.isEmpty() ? "" : "RBAC: " + joined(missing));
    }

    /**
     * All that is allowed to a user in a namespace.
     *
     * @param missing what roles are bound and not there
     */
    record Allowed(List<PolicyRule> rules, List<String> missing) {}

    Allowed allowed(User user, String namespace) {
        Set<PolicyRule> rules = new LinkedHashSet<>();
        List<String> missing = new ArrayList<>();
        for (Granted granted : granted(user, namespace)) {
            ObjectKey role = granted.binding().role();
            rules(role).ifPresentOrElse(rules::addAll, () -> missing.add(notFound(role)));
        }
        return new Allowed(List.copyOf(rules), missing);
    }

    /** The rules of a role; empty if there is no such role. */
    Optional<List<PolicyRule>> rules(ObjectKey role) {
        return role.namespace().isEmpty()
                ? clusterRoles.current().rules(role)
                : roles.current().rules(role);
    }

    /** A binding, and by which of the user's names it is found. */
    private record Granted(Binding binding, String subject) {
        @Override
        public String toString() {
            ObjectKey key = binding.key();
            String kind = binding.role().namespace().isEmpty() ? "ClusterRole" : "Role";
            int space = subject.indexOf(' ');
            return (key.namespace().isEmpty()
                            ? "ClusterRoleBinding \"" + key.name() + "\""
                            : "RoleBinding \"" + key.name() + "/" + key.namespace() + "\"")
                    + " of "
                    + kind
                    + " \""
                    + binding.role().name()
                    + "\" to "
                    + subject.substring(0, space)
                    + " \""
                    + subject.substring(space + 1)
                    + "\"";
        }
    }

    private List<Granted> granted(User user, String namespace) {
        List<String> subjects = new ArrayList<>();
        subjects.add(Binding.userKey(user.name()));
        user.groups().forEach(group -> subjects.add(Binding.groupKey(group)));
        List<Granted> granted = new ArrayList<>();
        collect(clusterBindings.current(), "", subjects, granted);
        if (!namespace.isEmpty()) {
            collect(bindings.current(), namespace, subjects, granted);
        }
        return granted;
    }

    private static void collect(
            BindingView view, String namespace, List<String> subjects, List<Granted> granted) {
        for (String subject : subjects) {
            view.of(namespace, subject)
                    .forEach(binding -> granted.add(new Granted(binding, subject)));
        }
    }

    private static String notFound(ObjectKey role) {
        ResourceType type =
                role.namespace().isEmpty() ? ResourceType.CLUSTER_ROLES : ResourceType.ROLES;
        String one = type.kind().toLowerCase(java.util.Locale.ROOT) + "." + type.group();
        return one + " \"" + role.name() + "\" not found";
    }

    private static String joined(List<String> errors) {
        List<String> distinct = errors.stream().distinct().sorted().toList();
        return distinct.size() == 1 ? distinct.get(0) : "[" + String.join(", ", distinct) + "]";
    }
}
