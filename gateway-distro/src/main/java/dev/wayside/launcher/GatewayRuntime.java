// SPDX-License-Identifier: Apache-2.0
package dev.wayside.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.startlevel.FrameworkStartLevel;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;

/**
 * The OSGi framework with one set in it. Level 1 starts the framework's services, then the
 * configuration is written, then level 2 starts ours. Felix's cache is disposable: it is made anew
 * at each boot from the set alone, so a power cut cannot leave it half written.
 */
final class GatewayRuntime {
    private static final int SERVICES = 1;
    private static final int OURS = 2;

    /**
     * The packages that the launcher shares with the bundles: each is loaded once, by the launcher.
     */
    private static final String SHARED_PACKAGES =
            String.join(
                    ",",
                    "org.osgi.service.cm;version=1.6.1",
                    "org.osgi.service.component;version=1.5.1",
                    "org.osgi.service.component.annotations;version=1.5.1",
                    "org.osgi.service.component.propertytypes;version=1.5.1",
                    "org.osgi.service.component.runtime;version=1.5.0",
                    "org.osgi.service.component.runtime.dto;version=1.5.0",
                    "org.osgi.util.promise;version=1.3.0",
                    "org.osgi.util.function;version=1.2.0");

    /**
     * SLF4J 2 asks for a service loader mediator; our provider is a fragment of SLF4J and needs
     * none.
     */
    private static final String FRAMEWORK_CAPABILITIES =
            "osgi.extender;osgi.extender=osgi.serviceloader.processor;version:Version=1.0,"
                + "osgi.extender;osgi.extender=osgi.serviceloader.registrar;version:Version=1.0,"
                + "osgi.serviceloader;osgi.serviceloader=org.slf4j.spi.SLF4JServiceProvider";

    private final Framework framework;

    private GatewayRuntime(Framework framework) {
        this.framework = framework;
    }

    /**
     * Starts everything and returns when all bundles are started.
     *
     * @throws BundleException if a bundle cannot be installed or started; the framework is stopped
     *     again
     */
    static GatewayRuntime start(Path home, Path data, GatewaySet set)
            throws BundleException, IOException, InterruptedException {
        Map<String, String> properties = new HashMap<>();
        properties.put(Constants.FRAMEWORK_STORAGE, data.resolve("felix-cache").toString());
        properties.put(
                Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
        properties.put(Constants.FRAMEWORK_BEGINNING_STARTLEVEL, Integer.toString(SERVICES));
        properties.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, SHARED_PACKAGES);
        properties.put(Constants.FRAMEWORK_SYSTEMCAPABILITIES_EXTRA, FRAMEWORK_CAPABILITIES);
        properties.put("felix.cache.locking", "false");
        properties.put("felix.shutdown.hook", "false");
        properties.put("felix.log.level", "1");
        properties.put("felix.cm.pm", "memory");
        properties.put("org.apache.felix.eventadmin.ThreadPoolSize", "2");
        properties.put("ds.loglevel", "warn");
        Framework framework =
                ServiceLoader.load(FrameworkFactory.class)
                        .findFirst()
                        .orElseThrow()
                        .newFramework(properties);
        GatewayRuntime runtime = new GatewayRuntime(framework);
        try {
            framework.init();
            runtime.install(home, set.bundles());
            framework.start();
            runtime.configure(set.configurations());
            runtime.startLevel(OURS);
            return runtime;
        } catch (BundleException | IOException | RuntimeException e) {
            runtime.stop(Duration.ofSeconds(5));
            throw e;
        }
    }

    private void install(Path home, List<GatewaySet.Bundle> bundles)
            throws BundleException, IOException {
        BundleContext context = framework.getBundleContext();
        List<Bundle> installed = new ArrayList<>();
        for (GatewaySet.Bundle bundle : bundles) {
            Path file = home.resolve(bundle.file());
            if (!Files.isRegularFile(file)) {
                throw new IOException("bundle " + bundle.id() + " is missing: no file " + file);
            }
            // By reference: Felix reads the file where it is, and the cache stays small.
            Bundle there = context.installBundle("reference:" + file.toUri());
            there.adapt(BundleStartLevel.class).setStartLevel(bundle.startLevel());
            installed.add(there);
        }
        for (Bundle bundle : installed) {
            if (!isFragment(bundle)) {
                bundle.start();
            }
        }
    }

    private void configure(Map<String, Map<String, Object>> configurations) throws IOException {
        if (configurations.isEmpty()) {
            return;
        }
        BundleContext context = framework.getBundleContext();
        ServiceReference<ConfigurationAdmin> reference =
                context.getServiceReference(ConfigurationAdmin.class);
        if (reference == null) {
            throw new IllegalStateException(
                    "the set has configurations, but no bundle of level 1 brings a"
                            + " ConfigurationAdmin");
        }
        ConfigurationAdmin admin = context.getService(reference);
        for (Map.Entry<String, Map<String, Object>> entry : configurations.entrySet()) {
            String pid = entry.getKey();
            int tilde = pid.indexOf('~');
            Configuration configuration =
                    tilde < 0
                            ? admin.getConfiguration(pid, "?")
                            : admin.getFactoryConfiguration(
                                    pid.substring(0, tilde), pid.substring(tilde + 1), "?");
            configuration.update(FrameworkUtil.asDictionary(entry.getValue()));
        }
        context.ungetService(reference);
    }

    private void startLevel(int level) throws InterruptedException {
        CountDownLatch reached = new CountDownLatch(1);
        framework
                .adapt(FrameworkStartLevel.class)
                .setStartLevel(
                        level,
                        event -> {
                            if (event.getType() == FrameworkEvent.STARTLEVEL_CHANGED) {
                                reached.countDown();
                            }
                        });
        if (!reached.await(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException(
                    "start level " + level + " was not reached within 60 s");
        }
    }

    /**
     * What keeps the runtime from being healthy, for people; empty if all bundles and components
     * are up.
     */
    List<String> troubles() {
        List<String> troubles = new ArrayList<>();
        for (Bundle bundle : framework.getBundleContext().getBundles()) {
            int wanted = isFragment(bundle) ? Bundle.RESOLVED : Bundle.ACTIVE;
            // A lazily activated bundle waits for its first class.
            if (bundle.getState() != wanted && bundle.getState() != Bundle.STARTING) {
                troubles.add("bundle " + bundle.getSymbolicName() + " is not up");
            }
        }
        BundleContext context = framework.getBundleContext();
        ServiceReference<ServiceComponentRuntime> reference =
                context.getServiceReference(ServiceComponentRuntime.class);
        if (reference == null) {
            troubles.add("Declarative Services is not up");
            return troubles;
        }
        ServiceComponentRuntime components = context.getService(reference);
        for (ComponentDescriptionDTO description : components.getComponentDescriptionDTOs()) {
            Collection<ComponentConfigurationDTO> configurations =
                    components.getComponentConfigurationDTOs(description);
            if (components.isComponentEnabled(description) && configurations.isEmpty()) {
                troubles.add("component " + description.name + " has no configuration");
            }
            for (ComponentConfigurationDTO configuration : configurations) {
                trouble(description, configuration, troubles);
            }
        }
        context.ungetService(reference);
        return troubles;
    }

    private static void trouble(
            ComponentDescriptionDTO description,
            ComponentConfigurationDTO configuration,
            List<String> troubles) {
        switch (configuration.state) {
            case ComponentConfigurationDTO.ACTIVE -> {}
            case ComponentConfigurationDTO.SATISFIED -> {
                // Delayed: it comes up when somebody asks for its service. An immediate one is on
                // its way.
                if (description.immediate) {
                    troubles.add("component " + description.name + " is not active yet");
                }
            }
            case ComponentConfigurationDTO.FAILED_ACTIVATION ->
                    troubles.add(
                            "component "
                                    + description.name
                                    + " failed: "
                                    + firstLine(configuration.failure));
            case ComponentConfigurationDTO.UNSATISFIED_CONFIGURATION ->
                    troubles.add("component " + description.name + " lacks its configuration");
            default -> {
                List<String> missing = new ArrayList<>();
                for (var reference : configuration.unsatisfiedReferences) {
                    missing.add(reference.name);
                }
                troubles.add(
                        "component "
                                + description.name
                                + " waits for "
                                + String.join(", ", missing));
            }
        }
    }

    private static String firstLine(String failure) {
        if (failure == null) {
            return "no reason given";
        }
        int end = failure.indexOf('\n');
        return end < 0 ? failure : failure.substring(0, end);
    }

    /** Waits until the framework has stopped by itself or by {@link #stop}. */
    void awaitStop() throws InterruptedException {
        framework.waitForStop(0);
    }

    /**
     * Stops everything, in reverse order; workloads run on. Returns whether it was done in time.
     */
    boolean stop(Duration within) throws InterruptedException {
        try {
            framework.stop();
        } catch (BundleException e) {
            System.err.println("gateway: stopping failed: " + e.getMessage());
            return false;
        }
        return framework.waitForStop(within.toMillis()).getType() != FrameworkEvent.WAIT_TIMEDOUT;
    }

    private static boolean isFragment(Bundle bundle) {
        BundleRevision revision = bundle.adapt(BundleRevision.class);
        return revision != null && (revision.getTypes() & BundleRevision.TYPE_FRAGMENT) != 0;
    }
}
