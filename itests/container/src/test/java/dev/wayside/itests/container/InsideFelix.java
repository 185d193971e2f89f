// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.ops4j.pax.exam.ExamSystem;
import org.ops4j.pax.exam.TestAddress;
import org.ops4j.pax.exam.TestContainer;
import org.ops4j.pax.exam.TestProbeBuilder;
import org.ops4j.pax.exam.spi.PaxExamRuntime;
import org.osgi.framework.BundleContext;

/**
 * Runs the tests of a class inside Felix: Pax Exam starts the framework that we ship with the set
 * that we ship, and each {@code @Test} method is called there, by JUnit's launcher in a probe
 * bundle. The same extension is at work on both sides: on the host it sends the call over, in the
 * container it hands in the {@link BundleContext}. Pax Exam has no driver for JUnit 5.
 */
public final class InsideFelix
        implements BeforeAllCallback, AfterAllCallback, InvocationInterceptor, ParameterResolver {
    private static final ExtensionContext.Namespace STORE =
            ExtensionContext.Namespace.create(InsideFelix.class);

    /** What one class's container needs until the class is done. */
    private record Running(
            Path data,
            ExamSystem system,
            TestContainer container,
            Map<String, TestAddress> tests,
            Queue<String> uncaught) {
        void end() throws IOException {
            container.stop();
            system.clear();
            try (Stream<Path> files = Files.walk(data)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
            Thread.setDefaultUncaughtExceptionHandler(null);
            if (!uncaught.isEmpty()) {
                throw new AssertionError("threads ended by exceptions: " + uncaught);
            }
        }
    }

    private static boolean inContainer(ExtensionContext context) {
        return context.getConfigurationParameter(InContainer.MARK).isPresent();
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        if (inContainer(context)) {
            return;
        }
        Class<?> type = context.getRequiredTestClass();
        Path data = TestGateway.joined();
        // A thread that dies of an exception fails nobody's call; it must fail the test.
        Queue<String> uncaught = new ConcurrentLinkedQueue<>();
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, thrown) -> {
                    thrown.printStackTrace();
                    uncaught.add(thread.getName() + ": " + thrown);
                });
        System.setProperty("wayside.data", data.toString());
        System.setProperty("wayside.log.file", data.resolve("log/gateway.log").toString());
        ExamSystem system = PaxExamRuntime.createTestSystem(TestGateway.options(sets(type)));
        TestContainer container = PaxExamRuntime.createContainer(system);
        container.start();
        TestProbeBuilder probe = system.createProbe();
        Map<String, TestAddress> tests = new HashMap<>();
        for (Method method :
                AnnotationSupport.findAnnotatedMethods(
                        type, Test.class, HierarchyTraversalMode.TOP_DOWN)) {
            tests.put(
                    method.getName(),
                    probe.addTest(InContainer.class, "run", type.getName(), method.getName()));
        }
        context.getStore(STORE)
                .put(Running.class, new Running(data, system, container, tests, uncaught));
        container.installProbe(probe.build().getStream());
    }

    private static List<String> sets(Class<?> type) {
        return Optional.ofNullable(type.getAnnotation(Sets.class))
                .map(sets -> List.of(sets.value()))
                .orElse(List.of(Sets.DOCKER, Sets.PROCESS));
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        Running running = context.getStore(STORE).remove(Running.class, Running.class);
        if (running != null) {
            running.end();
        }
    }

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation,
            ReflectiveInvocationContext<Method> target,
            ExtensionContext context)
            throws Throwable {
        if (inContainer(context)) {
            invocation.proceed();
            return;
        }
        invocation.skip();
        Running running = context.getStore(STORE).get(Running.class, Running.class);
        try {
            running.container().call(running.tests().get(target.getExecutable().getName()));
        } catch (RuntimeException e) {
            throw reason(e);
        }
    }

    /** What the test threw, without what Pax Exam and reflection have put around it. */
    private static Throwable reason(RuntimeException thrown) {
        for (Throwable at = thrown; at != null; at = at.getCause()) {
            if (at instanceof InvocationTargetException call && call.getCause() != null) {
                return call.getCause();
            }
        }
        return thrown;
    }

    @Override
    public void interceptBeforeEachMethod(
            Invocation<Void> invocation,
            ReflectiveInvocationContext<Method> target,
            ExtensionContext context)
            throws Throwable {
        proceedInContainer(invocation, context);
    }

    @Override
    public void interceptAfterEachMethod(
            Invocation<Void> invocation,
            ReflectiveInvocationContext<Method> target,
            ExtensionContext context)
            throws Throwable {
        proceedInContainer(invocation, context);
    }

    private static void proceedInContainer(Invocation<Void> invocation, ExtensionContext context)
            throws Throwable {
        if (inContainer(context)) {
            invocation.proceed();
        } else {
            invocation.skip();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == BundleContext.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        // On the host the method is not called; its parameter is never looked at.
        return inContainer(context) ? InContainer.context() : NoContext.INSTANCE;
    }
}
