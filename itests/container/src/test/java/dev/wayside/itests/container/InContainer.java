// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import org.junit.jupiter.engine.JupiterTestEngine;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;
import org.osgi.framework.BundleContext;

/** The container's side of {@link InsideFelix}: runs one test method in the probe bundle. */
public final class InContainer {
    static final String MARK = "wayside.in.container";

    // One probe, one test at a time; Pax Exam makes the instance, so there is no constructor to
    // pass it through.
    private static volatile BundleContext context = NoContext.INSTANCE;

    static BundleContext context() {
        return context;
    }

    /** Called by Pax Exam. */
    public void run(BundleContext bundleContext, String className, String methodName)
            throws Throwable {
        context = bundleContext;
        ClassLoader probe = InContainer.class.getClassLoader();
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(probe);
        try {
            Class<?> type = probe.loadClass(className);
            SummaryGeneratingListener listener = new SummaryGeneratingListener();
            // The service loader does not work across bundles; the one engine is named.
            Launcher launcher =
                    LauncherFactory.create(
                            LauncherConfig.builder()
                                    .enableTestEngineAutoRegistration(false)
                                    .enableTestExecutionListenerAutoRegistration(false)
                                    .enableLauncherDiscoveryListenerAutoRegistration(false)
                                    .enableLauncherSessionListenerAutoRegistration(false)
                                    .enablePostDiscoveryFilterAutoRegistration(false)
                                    .addTestEngines(new JupiterTestEngine())
                                    .build());
            launcher.execute(
                    LauncherDiscoveryRequestBuilder.request()
                            .selectors(
                                    selectMethod(
                                            type, methodName, "org.osgi.framework.BundleContext"))
                            .configurationParameter(MARK, "true")
                            .build(),
                    listener);
            TestExecutionSummary summary = listener.getSummary();
            if (!summary.getFailures().isEmpty()) {
                throw summary.getFailures().get(0).getException();
            }
            if (summary.getTestsSucceededCount() != 1) {
                throw new AssertionError(
                        className + "." + methodName + " did not run inside Felix");
            }
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
