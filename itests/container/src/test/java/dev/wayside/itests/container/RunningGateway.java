// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;

/** The gateway under test as it is seen from inside Felix. */
final class RunningGateway {
    private static final String OURS = "dev.wayside.";
    private static final int LEVEL = 2;

    private final BundleContext context;

    RunningGateway(BundleContext context) {
        this.context = context;
    }

    Path data() {
        return Path.of(System.getProperty("wayside.data"));
    }

    /** Lines of the log that call for a human. */
    List<String> errors() throws IOException {
        return Files.readAllLines(Path.of(System.getProperty("wayside.log.file"))).stream()
                .filter(line -> line.contains(" ERROR "))
                .toList();
    }

    Bundle bundle(String symbolicName) {
        return Arrays.stream(context.getBundles())
                .filter(bundle -> symbolicName.equals(bundle.getSymbolicName()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no bundle " + symbolicName));
    }

    /** Our bundles of the second level, which may come and go in any order. */
    List<Bundle> own() {
        return Arrays.stream(context.getBundles())
                .filter(bundle -> String.valueOf(bundle.getSymbolicName()).startsWith(OURS))
                .filter(bundle -> bundle.adapt(BundleStartLevel.class).getStartLevel() == LEVEL)
                .toList();
    }

    /** Makes this the gateway of another connector, as if it had joined there. */
    void joinTo(FakeConnector connector) throws Exception {
        Bundle node = bundle("dev.wayside.node");
        node.stop();
        TestIdentity.connector(data(), connector.uri());
        node.start();
        awaitUp();
    }

    /** Updates the bundle from the file that it was installed from. */
    void update(Bundle bundle) throws Exception {
        String file = bundle.getLocation().substring("reference:".length());
        try (InputStream jar = URI.create(file).toURL().openStream()) {
            bundle.update(jar);
        }
    }

    /** What runs for this gateway, waiters included: our folder is among their arguments. */
    List<ProcessHandle> processes() {
        String data = data().toString();
        return ProcessHandle.allProcesses()
                .filter(process -> commandLine(process).contains(data))
                .toList();
    }

    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
        } catch (IOException e) {
            return ""; // it has ended since
        }
    }

    /** Waits until every bundle and every component of it is up. */
    void awaitUp() throws Exception {
        Deadline.nothingIsWrong("all is up", this::troubles);
    }

    /** What keeps the gateway from being whole, for people. */
    List<String> troubles() throws InvalidSyntaxException {
        List<String> troubles = new ArrayList<>();
        for (Bundle bundle : context.getBundles()) {
            if (!isUp(bundle)) {
                troubles.add("bundle " + bundle + " is in state " + bundle.getState());
            }
        }
        Collection<ComponentDescriptionDTO> described =
                with(
                        ServiceComponentRuntime.class,
                        runtime -> {
                            Collection<ComponentDescriptionDTO> all =
                                    runtime.getComponentDescriptionDTOs();
                            all.forEach(one -> troubles(runtime, one, troubles));
                            return all;
                        });
        for (Bundle bundle : context.getBundles()) {
            String header = bundle.getHeaders().get("Service-Component");
            long known =
                    described.stream().filter(it -> it.bundle.id == bundle.getBundleId()).count();
            if (header != null && header.split(",").length != known) {
                troubles.add("of " + bundle + " only " + known + " components are known");
            }
        }
        return troubles;
    }

    private static boolean isUp(Bundle bundle) {
        if ((bundle.adapt(BundleRevision.class).getTypes() & BundleRevision.TYPE_FRAGMENT) != 0) {
            return bundle.getState() == Bundle.RESOLVED;
        }
        // A lazily activated bundle waits for its first class.
        boolean lazy = bundle.getHeaders().get(Constants.BUNDLE_ACTIVATIONPOLICY) != null;
        return bundle.getState() == Bundle.ACTIVE || (lazy && bundle.getState() == Bundle.STARTING);
    }

    private static void troubles(
            ServiceComponentRuntime runtime,
            ComponentDescriptionDTO component,
            List<String> troubles) {
        Collection<ComponentConfigurationDTO> configurations =
                runtime.getComponentConfigurationDTOs(component);
        if (configurations.isEmpty()) {
            troubles.add("component " + component.name + " has no configuration");
        }
        for (ComponentConfigurationDTO configuration : configurations) {
            boolean waitsForUse =
                    !component.immediate
                            && configuration.state == ComponentConfigurationDTO.SATISFIED;
            if (configuration.state != ComponentConfigurationDTO.ACTIVE && !waitsForUse) {
                troubles.add(
                        "component %s is in state %d, misses %s; %s"
                                .formatted(
                                        component.name,
                                        configuration.state,
                                        Arrays.stream(configuration.unsatisfiedReferences)
                                                .map(reference -> reference.name)
                                                .toList(),
                                        configuration.failure));
            }
        }
    }

    /** The state of the one configuration of a component, as in ComponentConfigurationDTO. */
    int stateOf(String component) {
        return with(
                ServiceComponentRuntime.class,
                runtime ->
                        runtime.getComponentDescriptionDTOs().stream()
                                .filter(it -> it.name.equals(component))
                                .flatMap(it -> runtime.getComponentConfigurationDTOs(it).stream())
                                .mapToInt(it -> it.state)
                                .findFirst()
                                .orElseThrow(() -> new AssertionError("no " + component)));
    }

    /** The names of what the bundle offers now. */
    Set<String> services(Bundle bundle) throws InvalidSyntaxException {
        Set<String> names = new TreeSet<>();
        for (ServiceReference<?> reference : context.getAllServiceReferences(null, null)) {
            if (bundle.equals(reference.getBundle())) {
                names.addAll(List.of((String[]) reference.getProperty(Constants.OBJECTCLASS)));
            }
        }
        return names;
    }

    boolean has(Class<?> service) {
        return context.getServiceReference(service) != null;
    }

    /** Uses a service that has to be there, and lets go of it. */
    <S, R> R with(Class<S> type, Function<S, R> use) {
        ServiceReference<S> reference = context.getServiceReference(type);
        if (reference == null) {
            throw new AssertionError("no service " + type.getName());
        }
        S service = context.getService(reference);
        if (service == null) {
            throw new AssertionError("the service " + type.getName() + " has just gone");
        }
        try {
            return use.apply(service);
        } finally {
            context.ungetService(reference);
        }
    }
}
